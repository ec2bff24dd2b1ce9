internal import Processors
internal import RPC

// What an app's processors are doing, as the wire says it.

extension WireAppStatus {
    init(_ status: AppRunnerStatus, _ rates: ActivityMeter.Rates) {
        self.init()
        name = status.app
        state = status.state.rawValue
        failure = status.message ?? ""
        records = status.records
        recordsPerSecond = rates.apps[status.app] ?? 0
        checkpoints = status.checkpoints
        checkpointMicroseconds = Int64(status.checkpointNanoseconds / 1000)
        partials = Int64(status.partials)
        partialBytes = Int64(status.partialBytes)
        outputRecords = status.outputRecords
        lateAfterFinal = status.lateAfterFinal
        unmatchedRecords = status.unmatchedRecords
        stageNanoseconds = status.stageTimes.byName.mapValues { Int64(clamping: $0) }
        watermarks = status.watermarks.map(WireWatermarkStatus.init)
        buckets = status.buckets.map { bucket in
            var wire = WireBucketStatus(bucket)
            let key = ActivityMeter.BucketKey(app: status.app, category: bucket.category, bucket: bucket.bucket)
            wire.recordsPerSecond = rates.buckets[key] ?? 0
            return wire
        }
    }
}

extension WireWatermarkStatus {
    init(_ watermark: AppRunnerStatus.Watermark) {
        self.init()
        input = watermark.input
        category = watermark.categoryName
        if let time = watermark.time { self.watermark = time }
        confidence = watermark.confidence
        records = watermark.records
        lateRecords = watermark.lateRecords
    }
}

extension WireBucketStatus {
    init(_ status: AppRunnerStatus.Bucket) {
        self.init()
        category = status.categoryName
        bucket = UInt32(status.bucket)
        position = status.position
        end = status.end
        freshness = status.freshness
        records = status.records
        lateRecords = status.lateRecords
        deadLetters = status.deadLetters
    }
}

extension StageTimes {
    var byName: [String: UInt64] {
        [
            "read": read, "decode": decode, "join": join, "evaluate": evaluate, "group": group, "aggregate": aggregate,
            "encode": encode, "commit": commit, "output": output,
        ]
    }
}
