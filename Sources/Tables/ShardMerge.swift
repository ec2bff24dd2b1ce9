internal import RocksDB

/// Walks the rows of several shards in the order of their tuples: a heap of iterators, the next row's on top.
struct ShardMerge {
    private struct Cursor {
        let rows: RowIterator
        /// In RocksDB's memory, until the iterator moves.
        var tuple: UnsafeRawBufferPointer
    }

    private var heap: [Cursor] = []
    private let isReversed: Bool

    init(
        _ database: Database, _ family: Family, shards: some Sequence<UInt16>, bounds: TupleBounds, isReversed: Bool
    ) throws(RocksDBError) {
        self.isReversed = isReversed
        for shard in shards {
            let rows = try database.iterator(
                in: family, lowerBound: StorageKey.bytes(shard: shard, bounds.lower),
                upperBound: bounds.upper.map { StorageKey.bytes(shard: shard, $0) }
                    ?? StorageKey.bytes(shard: shard + 1, []))
            if isReversed { try rows.seekToLast() } else { try rows.seekToFirst() }
            if rows.isValid { heap.append(Cursor(rows: rows, tuple: StorageKey.tuple(of: rows.key))) }
        }
        for index in (0..<heap.count / 2).reversed() { sink(from: index) }
    }

    var isAtEnd: Bool { heap.isEmpty }

    /// Until the next `advance`; there must be a row.
    var tuple: UnsafeRawBufferPointer { heap[0].tuple }

    /// Until the next `advance`; there must be a row.
    var value: UnsafeRawBufferPointer { heap[0].rows.value }

    mutating func advance() throws(RocksDBError) {
        let rows = heap[0].rows
        if isReversed { try rows.previous() } else { try rows.next() }
        if rows.isValid {
            heap[0].tuple = StorageKey.tuple(of: rows.key)
        } else {
            let last = heap.removeLast()
            if heap.isEmpty { return }
            heap[0] = last
        }
        sink(from: 0)
    }

    private mutating func sink(from start: Int) {
        var index = start
        while true {
            var first = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && precedes(child, first) {
                first = child
            }
            if first == index { return }
            heap.swapAt(index, first)
            index = first
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        let order = KeyOrder.compare(heap[a].tuple, heap[b].tuple)
        return isReversed ? order > 0 : order < 0
    }
}
