import Catalog
import Foundation
import Records
import RocksDB
import Tables
import Testing

/// What a version holds, and what it leaves behind.
@Suite struct SurveyTests {
    private func store(versions: ClosedRange<UInt32>) throws -> (TestStore, TableEntry) {
        var table = Fixture.counts()
        table.versions = versions.map { VersionEntry(number: $0, createdAt: 0, origin: "live") }
        let store = try TestStore(table)
        return (store, table)
    }

    private func merge(_ keys: Range<Int64>, _ table: TableEntry, version: UInt32, in store: TestStore) throws {
        try store.tables.merge(
            keys.map { (try Fixture.tuple(.int64($0)), Fixture.count(1)) }, into: table, version: version)
    }

    @Test func aKeyCountsOnceHoweverManyMergesItHas() throws {
        let (store, table) = try store(versions: 1...2)
        for _ in 0..<10 { try merge(0..<100, table, version: 1, in: store) }
        try merge(0..<40, table, version: 2, in: store)
        let surveys = try store.tables.survey(table, versions: [1, 2])
        #expect(surveys.map(\.rows) == [100, 40])
        #expect(surveys.map(\.keys.count) == [100, 40])
        #expect(surveys[0].bytes > surveys[1].bytes)
        #expect(throws: TablesError.self) { try store.tables.survey(table, versions: [1, 3]) }
    }

    @Test func ofAGreatTableAFewShardsStandForAllAndAFewKeysForTheRest() throws {
        let (store, table) = try store(versions: 1...2)
        try merge(0..<100_000, table, version: 1, in: store)
        try merge(0..<50_000, table, version: 2, in: store)
        let surveys = try store.tables.survey(table, versions: [1, 2])
        #expect(abs(surveys[0].rows - 100_000) < 5_000)
        #expect(abs(surveys[1].rows / surveys[0].rows - 0.5) < 0.02)
        #expect((1000...4096).contains(surveys[0].keys.count))
    }

    @Test func shardsOfAPartOfTheKeyDoNotStandForEachOther() throws {
        var table = Fixture.counts(
            keys: [KeyColumn(name: "origin", type: .int64), KeyColumn(name: "dest", type: .int64)])
        table.versions = (1...2).map { VersionEntry(number: $0, createdAt: 0, origin: "live") }
        let store = try TestStore(table)
        for (version, origins) in [(1, 3), (2, 2)] as [(UInt32, Int64)] {
            for origin in 0..<origins {
                let rows = try (0..<9000).map {
                    (try Fixture.tuple(.int64(origin), .int64($0)), Fixture.count(1))
                }
                try store.tables.merge(rows, into: table, version: version)
            }
        }
        let surveys = try store.tables.survey(table, versions: [1, 2])
        #expect(surveys.map(\.rows) == [27_000, 18_000])
    }

    /// Where one shard has more than may be looked at, it is the rows before one key that are compared, and no merges.
    @Test func ofAShardThatIsTooGreatEveryVersionCountsTheSameBeginning() throws {
        let (store, table) = try store(versions: 1...3)
        for _ in 0..<5 { try merge(0..<4000, table, version: 1, in: store) }
        try merge(0..<2000, table, version: 2, in: store)
        try merge(0..<4000, table, version: 2, in: store)
        for key in stride(from: 0, to: 4000, by: 4) as StrideTo<Int64> {
            try merge(key..<key + 1, table, version: 3, in: store)
        }
        var limits = SurveyLimits()
        limits.visitedRows = 40
        for versions in [[1, 2], [2, 1]] as [[UInt32]] {
            let surveys = try store.tables.survey(table, versions: versions, limits: limits)
            #expect(surveys[0].rows == surveys[1].rows && surveys[0].rows > 0)
            #expect(surveys.map(\.keys.count) == [40, 40])
        }
        let surveys = try store.tables.survey(table, versions: [1, 3], limits: limits)
        #expect(surveys[0].keys.count == 40)
        #expect((0.05...0.5).contains(surveys[1].rows / surveys[0].rows))
        // The one that has more of them says how far both are counted.
        let others = try store.tables.survey(table, versions: [3, 1], limits: limits)
        #expect(others[1].keys.count == 40 && (1..<40).contains(others[0].keys.count))
    }

    @Test func aDroppedVersionGivesItsDiskBack() async throws {
        let (store, table) = try store(versions: 1...2)
        let path = "\(store.path)/big.sst"
        let writer = try SSTWriter(path: path, options: TableStore.loadFileOptions)
        var generator = Seeded(5)
        for number in 0..<40_000 {
            let key: [UInt8] = [0, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
            try writer.put(key, (0..<100).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        }
        _ = try writer.finish()
        try store.tables.dropVersion(table: table.id, version: 2)
        try store.tables.createVersion(table: table.id, version: 2)
        try store.tables.ingest(files: [path], table: table.id, version: 2)
        let full = try size(of: "\(store.path)/tables")
        try store.tables.dropVersion(table: table.id, version: 2)
        var rest = full
        // RocksDB deletes in the background, and tells nobody.
        for _ in 0..<2000 where full - rest < 3_900_000 {
            try await Task.sleep(for: .milliseconds(5))
            rest = try size(of: "\(store.path)/tables")
        }
        #expect(full - rest > 3_900_000, "\(full) bytes before, \(rest) after")
    }

    private func size(of folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return sum + ((attributes[.size] as? Int) ?? 0)
        }
    }
}
