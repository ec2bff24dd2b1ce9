internal import Tables

/// Merges sorted rows of one shard, from several places, into one row for each key: the operands of a key become its full value, in whatever
/// order they came. A table's merge operator makes the value; so a version has what a stream of the same rows would give.
struct RowMerge {
    private var cursors: [RowCursor]
    /// A heap: the smallest key is first.
    private var heap: [Head] = []
    private var combiner = OperandCombiner()
    private var combined: [UInt8] = []

    private struct Head {
        var prefix: UInt64
        var cursor: Int
    }

    init(_ cursors: [RowCursor]) throws(BulkLoadError) {
        self.cursors = cursors
        for index in cursors.indices where try cursors[index].advance() {
            heap.append(Head(prefix: Self.prefix(of: cursors[index]), cursor: index))
        }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    /// Hands over every key once, in ascending order. The bytes are good until the body returns.
    mutating func handOver(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        let group = RowGroup()
        while let first = heap.first {
            let cursor = cursors[first.cursor]
            if group.count > 0, compare(group.key, cursor.key) != 0 {
                try finish(group, body)
                group.begin(cursor.key)
            } else if group.count == 0 {
                group.begin(cursor.key)
            }
            group.append(cursor.value)
            if try cursor.advance() {
                heap[0].prefix = Self.prefix(of: cursor)
            } else {
                heap.swapAt(0, heap.count - 1)
                heap.removeLast()
            }
            if heap.count > 1 { sink(0) }
        }
        if group.count > 0 { try finish(group, body) }
    }

    private mutating func finish(
        _ group: RowGroup, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        if group.count == 1 { return try body(group.key, group.onlyValue) }
        group.withValues { values in
            combiner.combine(values, into: &combined)
        }
        if combiner.setAside > 0 {
            throw BulkLoadError(.corrupt, "rows of one key cannot be combined: the build's own files are damaged")
        }
        let result = combined.withUnsafeBytes { value -> Result<Void, BulkLoadError> in
            do throws(BulkLoadError) { return .success(try body(group.key, value)) } catch { return .failure(error) }
        }
        try result.get()
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in 2 * index + 1...2 * index + 2 where child < heap.count && precedes(heap[child], heap[least]) {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private func precedes(_ a: Head, _ b: Head) -> Bool {
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        return compare(cursors[a.cursor].key, cursors[b.cursor].key) < 0
    }

    private static func prefix(of cursor: RowCursor) -> UInt64 {
        keyPrefix(UnsafeRawBufferPointer(rebasing: cursor.key[StorageKey.shardBytes...]))
    }
}

/// The rows of one key, which are nearly always one.
private final class RowGroup {
    private let keyBytes = GrowingBytes()
    private let valueBytes = GrowingBytes()
    private var ends: [Int] = []
    private(set) var count = 0

    var key: UnsafeRawBufferPointer { keyBytes.bytes }
    var onlyValue: UnsafeRawBufferPointer { valueBytes.bytes }

    func begin(_ key: UnsafeRawBufferPointer) {
        keyBytes.removeAll()
        keyBytes.append(key)
        valueBytes.removeAll()
        ends.removeAll(keepingCapacity: true)
        count = 0
    }

    func append(_ value: UnsafeRawBufferPointer) {
        valueBytes.append(value)
        ends.append(valueBytes.bytes.count)
        count += 1
    }

    func withValues(_ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Void) {
        let all = valueBytes.bytes
        var values: [UnsafeRawBufferPointer] = []
        var start = 0
        for end in ends {
            values.append(UnsafeRawBufferPointer(rebasing: all[start..<end]))
            start = end
        }
        values.withUnsafeBufferPointer(body)
    }
}
