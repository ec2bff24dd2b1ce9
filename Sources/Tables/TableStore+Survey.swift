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
package enum SurveyLimits {
    /// Of the first version, after which no further shard is looked at: keys are spread over shards by their hash, so that a few
    /// shards stand for all.
    static let rows = 20_000
    /// Of one version. Beyond it RocksDB's estimates have to do.
    static let visitedRows = 500_000
    static let keys = 4096
}

extension TableStore {
    /// Looks at the same shards of some versions. RocksDB's own numbers would count a key once for each merge that is not compacted
    /// yet, and what a memtable holds of a live version is mostly that.
    package func survey(_ table: TableEntry, versions: [UInt32]) throws(TablesError) -> [VersionSurvey] {
        let opened = try opened()
        let shardCount = catalog.snapshot.shardCount
        var counts: [ShardCount] = []
        for version in versions {
            guard let family = opened.family(VersionID(table: table.id, version: version)) else {
                throw TableStore.noVersion(VersionID(table: table.id, version: version))
            }
            counts.append(ShardCount(family))
        }
        var shard = 0
        do {
            while shard < shardCount, counts.first.map({ $0.rows < SurveyLimits.rows }) ?? false,
                counts.allSatisfy(\.isWhole)
            {
                for index in counts.indices { try counts[index].visit(UInt16(shard), of: opened.database) }
                shard += 1
            }
        } catch {
            throw TablesError(thrown: error, "counting the rows of table \(table.name)")
        }
        let share = Double(max(shard, 1)) / Double(shardCount)
        let isWhole = counts.allSatisfy(\.isWhole)
        var surveys: [VersionSurvey] = []
        for (count, version) in zip(counts, versions) {
            if isWhole {
                surveys.append(
                    VersionSurvey(
                        rows: Double(count.rows) / share, bytes: Double(count.bytes) / share, keys: count.sample.keys))
            } else {
                let statistics = try statistics(table: table.id, version: version)
                surveys.append(
                    VersionSurvey(
                        rows: Double(statistics.estimatedRows), bytes: Double(statistics.bytes), keys: count.sample.keys
                    ))
            }
        }
        return surveys
    }
}

/// Of one version, over the shards so far.
private struct ShardCount {
    let family: Family
    var rows = 0
    var bytes = 0
    var visited = 0
    var sample = KeySample()

    init(_ family: Family) {
        self.family = family
    }

    /// Whether every row of the shards so far was counted.
    var isWhole: Bool { visited < SurveyLimits.visitedRows }

    mutating func visit(_ shard: UInt16, of database: Database) throws(RocksDBError) {
        let iterator = try database.iterator(
            in: family, lowerBound: StorageKey.bytes(shard: shard, []),
            upperBound: StorageKey.bytes(shard: shard + 1, []))
        try iterator.seekToFirst()
        while iterator.isValid, isWhole {
            visited += 1
            let (key, value) = (iterator.key, iterator.value)
            if !Presenter.isAbsent(value) {
                rows += 1
                bytes += key.count + value.count
                sample.take(StorageKey.tuple(of: key))
            }
            try iterator.next()
        }
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
