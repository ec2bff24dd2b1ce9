internal import RPC
internal import Records

/// The server's status as `--json` shows it: a line for the server and one for each app, watermark of an app's input,
/// bucket that an app follows, table and category; `kind` says which.
func printStatusLines(_ status: WireStatusResponse) throws {
    let output = Output.standard
    try output.json(ServerLine(status))
    for app in status.apps {
        try output.json(AppLine(app))
        for watermark in app.watermarks { try output.json(WatermarkLine(watermark, of: app)) }
        for bucket in app.buckets { try output.json(BucketLine(bucket, of: app)) }
    }
    for table in status.tables { try output.json(TableLine(table)) }
    for category in status.categories { try output.json(CategoryLine(category)) }
}

private struct ServerLine: Encodable {
    var kind = "server"
    var version: String
    var startedAt: String
    var diskBytes: Int64
    var residentBytes: Int64
    var memoryLimitBytes: Int64

    init(_ status: WireStatusResponse) {
        version = status.version
        startedAt = Timestamp.format(status.startedAt)
        diskBytes = status.diskBytes
        residentBytes = status.residentBytes
        memoryLimitBytes = status.memoryLimitBytes
    }
}

private struct AppLine: Encodable {
    var kind = "app"
    var app: String
    var state: String
    var failure: String?
    var generation: UInt32
    var records: UInt64
    var recordsPerSecond: Double
    var lag: Int64
    var deadLetters: UInt64
    var checkpoints: UInt64
    var checkpointSeconds: Double
    var partials: Int64
    var partialBytes: Int64
    var outputRecords: UInt64
    var lateAfterFinal: UInt64
    var unmatchedRecords: UInt64
    /// Where the time went, by stage.
    var stageSeconds: [String: Double]

    init(_ app: WireAppStatus) {
        self.app = app.name
        generation = app.generation
        recordsPerSecond = app.recordsPerSecond
        checkpointSeconds = Double(app.checkpointMicroseconds) / 1e6
        partials = app.partials
        partialBytes = app.partialBytes
        outputRecords = app.outputRecords
        lateAfterFinal = app.lateAfterFinal
        unmatchedRecords = app.unmatchedRecords
        stageSeconds = app.stageNanoseconds.mapValues { Double($0) / 1e9 }
        state = app.state
        failure = app.failure.isEmpty ? nil : app.failure
        records = app.records
        lag = app.lag
        deadLetters = app.deadLetters
        checkpoints = app.checkpoints
    }
}

private struct WatermarkLine: Encodable {
    var kind = "watermark"
    var app: String
    var input: String
    var category: String
    var watermark: String?
    var confidence: Double
    var records: UInt64
    var lateRecords: UInt64
    var lateShare: Double?

    init(_ watermark: WireWatermarkStatus, of app: WireAppStatus) {
        self.app = app.name
        input = watermark.input
        category = watermark.category
        self.watermark = watermark.hasWatermark ? Timestamp.format(watermark.watermark) : nil
        confidence = watermark.confidence
        records = watermark.records
        lateRecords = watermark.lateRecords
        lateShare = watermark.lateShare
    }
}

private struct BucketLine: Encodable {
    var kind = "bucket"
    var app: String
    var category: String
    var bucket: UInt32
    var position: Int64
    var end: Int64
    var lag: Int64
    var lagSeconds: Double?
    var freshness: String
    var records: UInt64
    var recordsPerSecond: Double
    var lateRecords: UInt64
    var lateShare: Double?
    var deadLetters: UInt64

    init(_ bucket: WireBucketStatus, of app: WireAppStatus) {
        self.app = app.name
        lagSeconds = bucket.lagSeconds(Moment.now.microseconds)
        records = bucket.records
        recordsPerSecond = bucket.recordsPerSecond
        lateRecords = bucket.lateRecords
        lateShare = bucket.lateShare
        deadLetters = bucket.deadLetters
        category = bucket.category
        self.bucket = bucket.bucket
        position = bucket.position
        end = bucket.end
        lag = bucket.lag
        freshness = Timestamp.format(bucket.freshness)
    }
}

private struct TableLine: Encodable {
    var kind = "table"
    var table: String
    var servingVersion: UInt32
    var estimatedRows: Int64
    var bytes: Int64
    var freshness: String?

    init(_ table: WireTableStatus) {
        self.table = table.name
        servingVersion = table.servingVersion
        estimatedRows = table.estimatedRows
        bytes = table.bytes
        freshness = table.hasFreshness ? Timestamp.format(table.freshness) : nil
    }
}

private struct CategoryLine: Encodable {
    var kind = "category"
    var category: String
    var buckets: UInt32
    var startOffsets: [Int64]
    var endOffsets: [Int64]

    init(_ category: WireCategoryDescriptor) {
        self.category = category.name
        buckets = category.buckets
        startOffsets = category.startOffsets
        endOffsets = category.endOffsets
    }
}
