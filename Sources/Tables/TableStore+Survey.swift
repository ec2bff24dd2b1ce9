internal import Bytes
package import Catalog
package import Records
internal import RocksDB

/// About how much a version holds, and some of its keys, evenly over those that were looked at.
package struct VersionSurvey: Sendable {
    package var rows: Double
    /// Of keys and values, before they are compressed.
    package var bytes: Double
    /// Tuples.
    package var keys: ByteStrings
}

/// What one survey may cost.
package struct SurveyLimits: Sendable {
    /// Of the first version, after which no further shard is looked at: keys are spread over shards by their hash, so that a few
    /// shards stand for all.
    package var rows = 20_000
    /// Of one version. Beyond it the beginning of a shard has to do, which ends with the same key in every version.
    package var visitedRows = 500_000
    static let keys = 4096

    package init() {}
}

extension TableStore {
    /// Looks at the same shards of some versions. RocksDB's own numbers would count a key once for each merge that is not compacted
    /// yet, and what a memtable holds of a live version is mostly that.
    package func survey(
        _ table: TableEntry, versions: [UInt32], limits: SurveyLimits = SurveyLimits()
    ) throws(TablesError) -> [VersionSurvey] {
        let opened = try opened()
        let shardCount = catalog.snapshot.shardCount
        var counts: [ShardCount] = []
        for version in versions {
            guard let family = opened.family(VersionID(table: table.id, version: version)) else {
                throw TableStore.noVersion(VersionID(table: table.id, version: version))
            }
            counts.append(ShardCount(family, greatestVisited: limits.visitedRows))
        }
        // Where a part of the key says the shard, one has nothing and the next a third of the table.
        let keyCount = table.keyColumns.count - (table.pane == nil ? 0 : 1)
        let greatestRows = table.shardColumnCount < keyCount ? limits.visitedRows : limits.rows
        var shard = 0
        var isWhole = true
        do {
            while isWhole, shard < shardCount, counts.first.map({ $0.rows < greatestRows }) ?? false {
                isWhole = try Self.visit(UInt16(shard), of: opened.database, &counts)
                shard += 1
            }
        } catch {
            throw TablesError(thrown: error, "counting the rows of table \(table.name)")
        }
        var scale = Double(shardCount) / Double(max(shard, 1))
        if !isWhole, let first = counts.first, let version = versions.first {
            // An estimate, but the same for all: what is compared was counted.
            let estimated = try statistics(table: table.id, version: version).estimatedRows
            scale = max(1, Double(estimated) / Double(max(first.rows, 1)))
        }
        return counts.map { count in
            VersionSurvey(rows: Double(count.rows) * scale, bytes: Double(count.bytes) * scale, keys: count.sample.keys)
        }
    }

    /// Counts a shard in every version; false where it has more than may be visited, and only the rows before the key count that one
    /// of them came to.
    private static func visit(
        _ shard: UInt16, of database: Database, _ counts: inout [ShardCount]
    ) throws(RocksDBError) -> Bool {
        let former = counts
        let (start, end) = (StorageKey.bytes(shard: shard, []), StorageKey.bytes(shard: shard + 1, []))
        var bound = end
        for index in counts.indices {
            if let reached = try counts[index].visit(start, bound, of: database) { bound = reached }
        }
        if bound == end { return true }
        counts = former
        for index in counts.indices { _ = try counts[index].visit(start, bound, of: database) }
        return false
    }
}

/// Of one version, over the shards so far.
private struct ShardCount {
    let family: Family
    let greatestVisited: Int
    var rows = 0
    var bytes = 0
    var visited = 0
    var sample = KeySample()

    init(_ family: Family, greatestVisited: Int) {
        self.family = family
        self.greatestVisited = greatestVisited
    }

    /// Answers the first key that it did not come to; nil where it came to all of them.
    mutating func visit(
        _ start: [UInt8], _ end: [UInt8], of database: Database
    ) throws(RocksDBError) -> [UInt8]? {
        let iterator = try database.iterator(in: family, lowerBound: start, upperBound: end)
        try iterator.seekToFirst()
        while iterator.isValid {
            let (key, value) = (iterator.key, iterator.value)
            if visited >= greatestVisited { return [UInt8](key) }
            visited += 1
            if !Presenter.isAbsent(value) {
                rows += 1
                bytes += key.count + value.count
                sample.take(StorageKey.tuple(of: key))
            }
            try iterator.next()
        }
        return nil
    }
}

/// Every so many of the keys that it is shown, ever fewer as there come more.
private struct KeySample {
    private var stride = 1
    private var shown = 0
    private var taken: [[UInt8]] = []

    mutating func take(_ tuple: UnsafeRawBufferPointer) {
        defer { shown += 1 }
        guard shown % stride == 0 else { return }
        taken.append([UInt8](tuple))
        guard taken.count > SurveyLimits.keys else { return }
        taken = taken.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        stride *= 2
    }

    var keys: ByteStrings {
        var keys = ByteStrings()
        for key in taken { keys.append(key) }
        return keys
    }
}
