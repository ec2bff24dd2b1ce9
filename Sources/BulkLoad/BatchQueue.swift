internal import Foundation
internal import Records

/// Batches of source rows on their way from the thread that reads to those that encode. What waits and what is being encoded
/// is bounded together, so that a fast reader does not fill memory.
final class BatchQueue: Sendable {
    struct Item: Sendable {
        var batch: SourceBatch
        /// The batch's rows.
        var rows: RowRange
        /// For messages.
        var path: String
    }

    private struct State {
        var items: [Item] = []
        var bytes = 0
        var isFinished = false
        var failure: BulkLoadError?
    }

    private let limitBytes: Int
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    // Touched only with the condition locked.

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Waits for room. Throws what stopped the queue.
    func push(_ item: Item) throws(BulkLoadError) {
        let bytes = item.batch.byteCount
        condition.lock()
        defer { condition.unlock() }
        while state.failure == nil, state.bytes > 0, state.bytes + bytes > limitBytes { condition.wait() }
        if let failure = state.failure { throw failure }
        state.items.append(item)
        state.bytes += bytes
        condition.broadcast()
    }

    /// Waits for an item; nil where no more come. Its bytes count until it is `done`.
    func next() -> Item? {
        condition.lock()
        defer { condition.unlock() }
        while state.items.isEmpty, !state.isFinished, state.failure == nil { condition.wait() }
        if state.failure != nil || state.items.isEmpty { return nil }
        return state.items.removeFirst()
    }

    func done(_ item: Item) {
        condition.lock()
        state.bytes -= item.batch.byteCount
        condition.broadcast()
        condition.unlock()
    }

    /// Nothing more is pushed.
    func finish() {
        condition.lock()
        state.isFinished = true
        condition.broadcast()
        condition.unlock()
    }

    var isStopped: Bool {
        condition.lock()
        defer { condition.unlock() }
        return state.failure != nil
    }

    /// Ends everybody's work.
    func stop(_ failure: BulkLoadError) {
        condition.lock()
        state.failure = state.failure ?? failure
        condition.broadcast()
        condition.unlock()
    }
}

extension SourceBatch {
    /// About what it takes in memory.
    var byteCount: Int {
        columns.reduce((lines?.count ?? 0) * MemoryLayout<Int>.stride) { $0 + $1.byteCount }
    }

    /// Some of its rows, which follow one another.
    func rows(_ range: Range<Int>) -> SourceBatch {
        if range == 0..<count { return self }
        let indices = Array(range)
        return SourceBatch(
            columns: columns.map { $0.gather(indices) }, count: range.count, firstRow: firstRow + range.lowerBound,
            lines: lines.map { Array($0[range]) }, bytesRead: bytesRead)
    }
}

extension Column {
    fileprivate var byteCount: Int {
        let values =
            switch storage {
            case .bool(let values): values.count
            case .int64(let values): values.count * 8
            case .double(let values): values.count * 8
            case .bytes(let strings): strings.arena.count + strings.count * 8
            }
        return values + (nulls?.count ?? 0)
    }
}
