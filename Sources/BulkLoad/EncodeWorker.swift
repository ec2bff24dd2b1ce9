internal import Records

/// One thread's share of reading: takes batches, encodes them, and fills a block of its own.
final class EncodeWorker {
    private let sorter: RowSorter
    private let encoder: any RowEncoder
    private let block: SortBlock
    private var tally: RowTally
    private var covered: [RowRange] = []

    init(_ sorter: RowSorter, _ encoder: any RowEncoder, memoryBytes: Int) {
        self.sorter = sorter
        self.encoder = encoder
        block = SortBlock(capacity: memoryBytes)
        tally = RowTally(shardCount: sorter.shardCount)
    }

    /// Until the queue ends.
    func run(_ queue: BatchQueue) throws(BulkLoadError) {
        while let item = queue.next() {
            if let rows = try encoder.encode(item) { try take(rows) }
            queue.done(item)
        }
        if queue.isStopped { return }
        if let rows = try encoder.finish() { try take(rows) }
        try sorter.finish(block, tally, covered: covered)
    }

    private func take(_ rows: EncodedRows) throws(BulkLoadError) {
        var first = 0
        if !block.fits(rows: rows.count, bytes: rows.bytes) {
            if rows.isSplittable {
                while first < rows.count { first = try takeSome(rows, from: first) }
                return
            }
            // What source rows they are of is known of all of them only.
            if block.count > 0 { try spill() }
            block.reserve(rows: rows.count, bytes: rows.bytes)
        }
        append(rows, first..<rows.count)
        covered += rows.covered
        tally.taken += rows.taken
        tally.leftOut += rows.leftOut
    }

    /// As many of the rows as the block takes, but one at least; returns the first that is left.
    private func takeSome(_ rows: EncodedRows, from first: Int) throws(BulkLoadError) -> Int {
        var end = first
        var bytes = 0
        while end < rows.count {
            let row = rows.keys.range(at: end).count + rows.values.range(at: end).count
            if !block.fits(rows: end - first + 1, bytes: bytes + row) { break }
            bytes += row
            end += 1
        }
        if end == first {
            if block.count > 0 {
                try spill()
                return first
            }
            block.reserve(rows: 1, bytes: rows.keys.range(at: first).count + rows.values.range(at: first).count)
            end += 1
        }
        append(rows, first..<end)
        tally.taken += Int64(end - first)
        for range in rows.covered {
            covered.append(RowRange(file: range.file, first: range.first + first, count: end - first))
        }
        return end
    }

    private func append(_ rows: EncodedRows, _ range: Range<Int>) {
        rows.keys.arena.withUnsafeBytes { keys in
            rows.values.arena.withUnsafeBytes { values in
                for row in range {
                    var tuple = UnsafeRawBufferPointer(rebasing: keys[rows.keys.range(at: row)])
                    let value = UnsafeRawBufferPointer(rebasing: values[rows.values.range(at: row)])
                    let shard: UInt16
                    if let shards = rows.shards {
                        shard = shards[row]
                    } else {
                        shard = UInt16(tuple[0]) << 8 | UInt16(tuple[1])
                        tuple = UnsafeRawBufferPointer(rebasing: tuple[2...])
                    }
                    block.append(shard: shard, tuple: tuple, value: value)
                    tally.shardRows[Int(shard)] += 1
                    tally.shardBytes[Int(shard)] += Int64(2 + tuple.count + value.count)
                }
            }
        }
    }

    private func spill() throws(BulkLoadError) {
        try sorter.spill(block, tally, covered: covered)
        tally = RowTally(shardCount: sorter.shardCount)
        covered = []
    }
}

extension EncodedRows {
    var bytes: Int { keys.arena.count + values.arena.count }
}
