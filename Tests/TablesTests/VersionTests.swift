import Catalog
import Foundation
import Records
import RocksDB
import Synchronization
import Tables
import Testing

@Suite struct VersionTests {
    private let key = (try? Fixture.tuple(.string("N1"))) ?? []

    /// A file as a load makes it.
    private func file(_ rows: [String: String], table: TableEntry, in store: TestStore) throws -> String {
        let path = store.path + "/\(UUID().uuidString).sst"
        let writer = try SSTWriter(path: path, options: TableStore.loadFileOptions)
        let merges = try store.tables.merges(
            rows.map { (try Fixture.tuple(.string($0.key)), Fixture.plane($0.value, .batch(file: 0, row: 0))) }, table)
        let order = (0..<merges.keys.count).sorted { merges.keys[$0].lexicographicallyPrecedes(merges.keys[$1]) }
        for index in order { try writer.put([UInt8](merges.keys[index]), [UInt8](merges.operands[index])) }
        _ = try writer.finish()
        return path
    }

    private func loaded(_ number: UInt32) -> TableEntry {
        var table = Fixture.aircraft(
            source: .loads,
            versions: [VersionEntry(number: number, createdAt: 0, origin: "planes.csv", loadedRows: 1)])
        table.nextVersion = number + 1
        return table
    }

    @Test func aLoadedVersionServesAfterARestart() throws {
        let store = try TestStore()
        let table = loaded(1)
        try store.tables.createVersion(table: 3, version: 1)
        try store.tables.ingest(files: [file(["N1": "UA", "N2": "AA"], table: table, in: store)], table: 3, version: 1)
        try store.catalog.update { try $0.put(table) }
        #expect(try store.tables.row(table, .string("N1"))?.first == .string("UA"))
        try store.reopen()
        #expect(try store.tables.row(table, .string("N2"))?.first == .string("AA"))
    }

    @Test func mergesGoOnTopOfALoad() throws {
        let store = try TestStore()
        let table = loaded(1)
        try store.tables.createVersion(table: 3, version: 1)
        try store.tables.ingest(files: [file(["N1": "UA", "N2": "AA"], table: table, in: store)], table: 3, version: 1)
        try store.catalog.update { try $0.put(table) }
        try store.tables.merge([(key, Fixture.plane("DL", .log(eventTime: 0, bucket: 0, offset: 0)))], into: table)
        #expect(try store.tables.row(table, .string("N1"))?.first == .string("DL"))
    }

    @Test func filesAreIngestedOnceAndOnlyIntoAnEmptyVersion() throws {
        let store = try TestStore()
        let table = loaded(1)
        try store.tables.createVersion(table: 3, version: 1)
        let files = try [file(["N1": "UA"], table: table, in: store), file(["N2": "AA"], table: table, in: store)]
        try store.tables.ingest(files: [files[0]], table: 3, version: 1)
        let again = #expect(throws: TablesError.self) {
            try store.tables.ingest(files: [files[1]], table: 3, version: 1)
        }
        #expect(again?.code == .alreadyExists)
        try store.tables.createVersion(table: 3, version: 2)
        try store.tables.ingest(files: [], table: 3, version: 2)
        #expect(throws: TablesError.self) { try store.tables.ingest(files: [files[1]], table: 3, version: 2) }
        #expect(throws: TablesError.self) { try store.tables.createVersion(table: 3, version: 2) }
        let missing = #expect(throws: TablesError.self) { try store.tables.ingest(files: [], table: 3, version: 3) }
        #expect(missing?.code == .notFound)
    }

    @Test func aLoadThatDidNotComeToItsEndIsGoneAfterARestart() throws {
        let store = try TestStore()
        let table = loaded(1)
        try store.tables.createVersion(table: 3, version: 1)
        try store.tables.ingest(files: [file(["N1": "UA"], table: table, in: store)], table: 3, version: 1)
        // The catalog never heard of it; the number comes again.
        try store.reopen()
        try store.tables.createVersion(table: 3, version: 1)
        try store.catalog.update { try $0.put(table) }
        #expect(try store.tables.row(table, .string("N1")) == nil)
        // Named, but without the mark.
        try store.reopen()
        let error = #expect(throws: TablesError.self) { try store.tables.row(table, .string("N1")) }
        #expect(error?.code == .notFound)
        try store.tables.createVersion(table: 3, version: 1)
    }

    @Test func aLoadGoesOnAfterARecoveryInItsMiddle() throws {
        let store = try TestStore(Fixture.counts())
        try store.tables.createVersion(table: 3, version: 1)
        store.tables.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        #expect(throws: TablesError.self) {
            try store.tables.merge([(try Fixture.tuple(.int64(1)), Fixture.count(1))], into: Fixture.counts())
        }
        try store.tables.recover()
        try store.tables.ingest(files: [file(["N1": "UA"], table: loaded(1), in: store)], table: 3, version: 1)
        try store.catalog.update { try $0.put(loaded(1)) }
        #expect(try store.tables.row(loaded(1), .string("N1"))?.first == .string("UA"))
    }

    @Test func aStoreOfLoadsAloneTakesThemAgainAfterAWriteThatFailed() throws {
        let store = try TestStore()
        try store.tables.createVersion(table: 3, version: 1)
        store.tables.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        #expect(throws: TablesError.self) {
            try store.tables.ingest(files: [file(["N1": "UA"], table: loaded(1), in: store)], table: 3, version: 1)
        }
        try store.tables.dropVersion(table: 3, version: 1)
        try store.tables.createVersion(table: 3, version: 2)
        try store.tables.ingest(files: [file(["N1": "AA"], table: loaded(2), in: store)], table: 3, version: 2)
        try store.catalog.update { try $0.put(loaded(2)) }
        #expect(try store.tables.row(loaded(2), .string("N1"))?.first == .string("AA"))
    }

    /// Else its records would count as applied, and be in no table.
    @Test func aVersionThatAStartHasToMakeAnewHasNoPositions() throws {
        let store = try TestStore(Fixture.counts())
        try store.tables.commit(
            Checkpoint(
                merges: [],
                positions: [
                    StoredPosition(table: 1, version: 1, category: 1, bucket: 0, offset: 5, appendTime: 6)
                ]))
        try store.withDatabase { try $0.dropFamily(try #require($0.family(named: "t1.v1"))) }
        #expect(try store.tables.positions(table: 1, version: 1).isEmpty)
        try store.reopen()
        #expect(try store.tables.positions(table: 1, version: 1).isEmpty)
    }

    @Test func aDroppedVersionTakesItsPositionsAndMarkAlong() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        let position = StoredPosition(table: 1, version: 1, category: 1, bucket: 0, offset: 5, appendTime: 6)
        try store.tables.commit(Checkpoint(merges: [], positions: [position]))
        try store.tables.dropVersion(table: 1, version: 1)
        try store.tables.dropVersion(table: 1, version: 1)
        #expect(throws: TablesError.self) { try store.tables.positions(table: 1, version: 1) }
        try store.tables.createVersion(table: 1, version: 1)
        #expect(try store.tables.positions(table: 1, version: 1).isEmpty)
        try store.reopen()
        #expect(try store.tables.positions(table: 1, version: 1).isEmpty)
    }

    @Test func theStartClearsWhatTheCatalogForgotAndMakesWhatItNames() throws {
        let (kept, forgotten) = (Fixture.counts(id: 1), Fixture.counts(id: 2))
        let store = try TestStore(kept, forgotten)
        for table in [kept, forgotten] {
            try store.tables.merge(
                [(try Fixture.tuple(.int64(1)), Fixture.count(1))], into: table,
                positions: [
                    StoredPosition(table: table.id, version: 1, category: 1, bucket: 0, offset: 5, appendTime: 6)
                ])
        }
        try store.catalog.update { catalog in
            catalog.removeTable(id: 2)
            try catalog.put(Fixture.counts(id: 3))
        }
        try store.reopen()
        #expect(try store.tables.row(kept, .int64(1)) == [.int64(1), .null])
        #expect(try store.tables.row(Fixture.counts(id: 3), .int64(1)) == nil)
        let error = #expect(throws: TablesError.self) { try store.tables.row(forgotten, .int64(1)) }
        #expect(error?.code == .notFound)
        try store.tables.createVersion(table: 2, version: 1)
        #expect(try store.tables.positions(table: 2, version: 1).isEmpty)
    }

    @Test func aRequestWithAnOlderSnapshotGoesOnInTheNewVersion() throws {
        let store = try TestStore()
        try store.tables.createVersion(table: 3, version: 1)
        try store.tables.ingest(files: [file(["N1": "old"], table: loaded(1), in: store)], table: 3, version: 1)
        try store.catalog.update { try $0.put(loaded(1)) }
        let old = try #require(store.catalog.snapshot.table(id: 3))
        try store.tables.createVersion(table: 3, version: 2)
        try store.tables.ingest(files: [file(["N1": "new"], table: loaded(2), in: store)], table: 3, version: 2)
        try store.catalog.update { try $0.put(loaded(2)) }
        #expect(try store.tables.row(old, .string("N1"))?.first == .string("old"))
        try store.tables.dropVersion(table: 3, version: 1)
        #expect(try store.tables.row(old, .string("N1"))?.first == .string("new"))
    }

    @Test func readersNeverNoticeVersionsComingAndGoing() async throws {
        let store = try TestStore()
        try store.tables.createVersion(table: 3, version: 1)
        try store.tables.ingest(files: [file(["N1": "1"], table: loaded(1), in: store)], table: 3, version: 1)
        try store.catalog.update { try $0.put(loaded(1)) }
        let (tables, catalog) = (store.tables, store.catalog)
        let isDone = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    while !isDone.isSet {
                        let table = try #require(catalog.snapshot.table(id: 3))
                        let row = try tables.row(table, .string("N1"))
                        #expect(row != nil)
                        let page = try tables.scan(table, ScanRange())
                        #expect(page.rows.count == 1)
                        await Task.yield()
                    }
                }
            }
            for number in 2...15 as ClosedRange<UInt32> {
                try tables.createVersion(table: 3, version: number)
                let path = try file(["N1": "\(number)"], table: loaded(number), in: store)
                try tables.ingest(files: [path], table: 3, version: number)
                try catalog.update { try $0.put(loaded(number)) }
                try tables.dropVersion(table: 3, version: number - 1)
                await Task.yield()
            }
            isDone.set()
            try await group.waitForAll()
        }
        #expect(try tables.row(loaded(15), .string("N1"))?.first == .string("15"))
    }

    @Test func commitsToAVersionThatIsBeingDroppedAreRefusedAndHurtNobody() async throws {
        let store = try TestStore(Fixture.counts(id: 1), Fixture.counts(id: 2))
        let tables = store.tables
        let merges = try [Fixture.counts(id: 1), Fixture.counts(id: 2)].map {
            try tables.merges([(try Fixture.tuple(.int64(1)), Fixture.count(1))], $0)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<300 {
                    do {
                        try tables.commit(Checkpoint(merges: merges, positions: []))
                    } catch {
                        #expect((error as? TablesError)?.code == .notFound)
                    }
                }
            }
            group.addTask {
                for _ in 0..<30 {
                    try? tables.dropVersion(table: 2, version: 1)
                    try? tables.createVersion(table: 2, version: 1)
                }
            }
        }
        try tables.commit(Checkpoint(merges: [merges[0]], positions: []))
        #expect(try tables.row(Fixture.counts(id: 1), .int64(1)) != nil)
    }

    @Test func aTableThatWasNeverLoadedIsEmpty() throws {
        let table = Fixture.aircraft(source: .loads, versions: [])
        let store = try TestStore(table)
        #expect(try store.tables.row(table, .string("N1")) == nil)
        #expect(try store.tables.scan(table, ScanRange()).rows.count == 0)
    }

    @Test func aFolderOfANewerMaserIsRefusedInOneLine() throws {
        let store = try TestStore()
        let error = #expect(throws: TablesError.self) {
            try store.withDatabase { database in
                let family = try #require(database.family(named: "default"))
                var batch = WriteBatch()
                batch.put(Array("format".utf8), Array("3".utf8), in: family)
                try database.write(batch, sync: true)
            }
        }
        #expect(error?.code == .newerFormat)
    }

    @Test func aStoreThatIsOpenIsRefused() throws {
        let store = try TestStore()
        let error = #expect(throws: TablesError.self) {
            try TableStore(directory: store.path + "/tables", catalog: store.catalog, memoryBytes: 16 << 20)
        }
        #expect(error?.code == .inUse)
    }

    @Test func statisticsCountRowsAndBytes() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        let rows = try (0..<100 as Range<Int64>).map { (try Fixture.tuple(.int64($0)), Fixture.count(1)) }
        try store.tables.merge(rows, into: table)
        let statistics = try store.tables.statistics(table: 1, version: 1)
        #expect(statistics.estimatedRows == 100)
        #expect(statistics.bytes > 0)
        #expect(throws: TablesError.self) { try store.tables.statistics(table: 1, version: 2) }
    }

    @Test func statisticsAreThereAfterAStart() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        let rows = try (0..<100 as Range<Int64>).map { (try Fixture.tuple(.int64($0)), Fixture.count(1)) }
        try store.tables.merge(rows, into: table)
        // Opening writes what the log holds into files.
        try store.reopen()
        try store.reopen()
        #expect(try store.tables.statistics(table: 1, version: 1).estimatedRows == 100)
    }
}

/// Set once, seen by all.
final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() {
        value.withLock { $0 = true }
    }
}
