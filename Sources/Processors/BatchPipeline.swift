internal import Foundation

// Between the log and the app's thread: every bucket is a lane, in which batches are prepared one after the other, so that
// they come out in their order; lanes are prepared side by side by the shared workers, a few batches ahead of what is applied.
// Where little is waiting, the app's thread prepares it itself, which takes less time than handing it over twice.

/// Prepares the batches of an app's buckets ahead of the thread that applies them.
final class BatchPipeline: Sendable {
    /// Ready batches of one bucket.
    private static let greatestLead = 2
    /// Fewer waiting records than this part of a batch are not worth a worker.
    private static let leastPartOfBatch = 4

    /// nil: the caller prepares all batches itself.
    private let workers: PrepareWorkers?
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    // Touched only with the condition locked.

    struct Place: Sendable {
        let reader: BucketReader
        let bucket: Int
        /// The next record to read.
        var next: Int64
    }

    private struct Lane {
        var place: Place
        var ready: [PreparedBatch] = []
        var isRunning = false
        var failure: ProcessorsError?

        var waitingRecords: Int64 { place.reader.end(ofBucket: place.bucket) - place.next }
    }

    private struct State {
        var lanes: [Lane] = []
        var runningCount = 0
        /// What workers bring for an earlier one is thrown away.
        var epoch = 0
        /// Whose turn it was last.
        var turn = 0
    }

    init(workers: PrepareWorkers?) {
        self.workers = workers
    }

    /// Throws away what is prepared, and begins at `places`. No worker is at it when this returns.
    func reset(to places: [Place]) {
        condition.lock()
        state.epoch += 1
        for lane in state.lanes { for _ in lane.ready { workers?.finishBatch() } }
        state.lanes = []
        while state.runningCount > 0 { condition.wait() }
        state.lanes = places.map { Lane(place: $0) }
        condition.unlock()
    }

    /// The next batch of the lane whose turn it is, and the number of that lane; nil where nothing waits. `drained` is
    /// called for every lane without records that was passed over.
    func next(drained: (Int) -> Void) throws(ProcessorsError) -> (lane: Int, batch: PreparedBatch)? {
        condition.lock()
        while true {
            let lanes = state.lanes.count
            var unprepared: Int?
            for step in 1...max(1, lanes) where lanes > 0 {
                let index = (state.turn + step) % lanes
                if !state.lanes[index].ready.isEmpty {
                    let batch = state.lanes[index].ready.removeFirst()
                    state.turn = index
                    workers?.finishBatch()
                    submitWaiting()
                    condition.unlock()
                    return (index, batch)
                }
                if let failure = state.lanes[index].failure {
                    condition.unlock()
                    throw failure
                }
                if state.lanes[index].isRunning { continue }
                if state.lanes[index].waitingRecords > 0 {
                    unprepared = unprepared ?? index
                } else {
                    drained(index)
                }
            }
            submitWaiting()
            if let index = unprepared, !state.lanes[index].isRunning {
                let place = state.lanes[index].place
                state.turn = index
                // So that no worker begins with the same records meanwhile.
                state.lanes[index].isRunning = true
                condition.unlock()
                return try prepareHere(place, lane: index)
            }
            if state.runningCount == 0 {
                condition.unlock()
                return nil
            }
            condition.wait()
        }
    }

    private func prepareHere(
        _ place: Place, lane: Int
    ) throws(ProcessorsError) -> (lane: Int, batch: PreparedBatch)? {
        defer {
            condition.lock()
            state.lanes[lane].isRunning = false
            condition.unlock()
        }
        guard let batch = try place.reader.prepare(bucket: place.bucket, from: place.next) else { return nil }
        condition.lock()
        state.lanes[lane].place.next = batch.end
        condition.unlock()
        return (lane, batch)
    }

    // MARK: Workers

    /// Gives the workers every lane that has enough to do, as far as there is room. Called with the condition locked.
    private func submitWaiting() {
        guard let workers else { return }
        for step in 1...max(1, state.lanes.count) where !state.lanes.isEmpty {
            let index = (state.turn + step) % state.lanes.count
            let lane = state.lanes[index]
            guard !lane.isRunning, lane.failure == nil, lane.ready.count < Self.greatestLead, lane.waitingRecords > 0,
                lane.waitingRecords >= Int64(lane.place.reader.batchRecordCount / Self.leastPartOfBatch)
            else { continue }
            let (place, epoch) = (lane.place, state.epoch)
            guard workers.submit({ [self] in prepare(place, lane: index, epoch) }) else { return }
            state.lanes[index].isRunning = true
            state.runningCount += 1
        }
    }

    /// On a worker.
    private func prepare(_ place: Place, lane: Int, _ epoch: Int) {
        let result: Result<PreparedBatch?, ProcessorsError> = Result { () throws(ProcessorsError) in
            try place.reader.prepare(bucket: place.bucket, from: place.next)
        }
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        state.runningCount -= 1
        guard epoch == state.epoch else {
            workers?.finishBatch()
            return
        }
        state.lanes[lane].isRunning = false
        switch result {
        case .success(let batch?):
            state.lanes[lane].ready.append(batch)
            state.lanes[lane].place.next = batch.end
            submitWaiting()
        case .success(nil): workers?.finishBatch()
        case .failure(let error):
            workers?.finishBatch()
            state.lanes[lane].failure = error
        }
    }
}
