internal import Synchronization
internal import Tables

// Files are finished range by range, by as many threads as there are processors. Where a range ends depends on the rows of the
// sources alone, so that a build which was killed goes on with the same ranges.

extension ShardRange {
    /// Files are no smaller for the sake of threads.
    private static let leastBytes: Int64 = 4 << 20
    /// Enough for every processor to have several.
    private static let leastCount: Int64 = 16

    /// All shards, in ranges of about the same size.
    static func plan(shardBytes: [Int64], fileBytes: Int) -> [ShardRange] {
        let total = shardBytes.reduce(0, +)
        let target = min(Int64(fileBytes), max(total / leastCount, leastBytes))
        var ranges: [ShardRange] = []
        var first = 0
        var bytes: Int64 = 0
        for shard in shardBytes.indices {
            bytes += shardBytes[shard]
            if bytes >= target || shard == shardBytes.count - 1 {
                ranges.append(ShardRange(first: first, last: shard))
                first = shard + 1
                bytes = 0
            }
        }
        return ranges
    }

    var shards: ClosedRange<Int> { first...last }
}

/// Merges the rows of ranges of shards, and writes their files.
struct RangeWriter: Sendable {
    private static let progressRows: Int64 = 1 << 14

    let folder: String
    let fileBytes: Int
    let table: RowShape
    let sorter: RowSorter
    let written: RowCounter

    /// `expected` are the rows of each shard of all.
    func write(_ range: ShardRange, number: Int, expected: [Int64]) throws(BulkLoadError) -> RangeRecord {
        let rows = try sorter.openRows()
        // What the rows pass is taken out of `self`, which is many references.
        let (written, nulls) = (written, table.nulls)
        var files = VersionFiles(
            folder: folder, prefix: "r\(VersionFiles.digits(number + 1, 5))-", targetBytes: fileBytes)
        var sampled = SampledRows(of: expected[range.shards].reduce(0, +))
        var record = RangeRecord(
            number: number, files: [], shardRows: [], shardBytes: [], samples: [],
            nulls: [Int64](repeating: 0, count: nulls == nil ? 0 : table.columnCount))
        for shard in range.shards {
            var count: Int64 = 0
            var bytes: Int64 = 0
            var merge = try RowMerge(rows.cursors(shard: shard))
            try merge.handOver { key, value throws(BulkLoadError) in
                try files.put(shard: shard, key, value)
                sampled.take(key, value)
                nulls?.count(value, times: 1, into: &record.nulls)
                count += 1
                bytes += Int64(key.count + value.count)
                if count % Self.progressRows == 0 { written.add(Self.progressRows) }
            }
            written.add(count % Self.progressRows)
            record.shardRows.append(count)
            record.shardBytes.append(bytes)
        }
        record.files = try files.finish()
        record.samples = sampled.samples
        return record
    }
}

/// Counts what several threads do.
final class RowCounter: Sendable {
    private let value = Atomic<Int64>(0)

    var count: Int64 { value.load(ordering: .relaxed) }

    func add(_ more: Int64) {
        value.add(more, ordering: .relaxed)
    }
}
