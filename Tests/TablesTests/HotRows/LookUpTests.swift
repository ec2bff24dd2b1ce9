import CAllocations
import Catalog
import Expressions
import Records
import RocksDB
import Synchronization
import Testing

@testable import Tables

@Suite struct LookUpTests {
    private let table = Fixture.counts()

    private func lookup(_ keys: [Int64]) throws -> RowLookup {
        let lookup = RowLookup()
        for key in keys { lookup.keys.append(try Fixture.tuple(.int64(key))) }
        return lookup
    }

    private func counts(_ lookup: RowLookup) throws -> [Int64?] {
        try (0..<lookup.rows.count).map { index in
            guard let row = lookup.rows[index], case .int64(let n) = try table.values(of: [UInt8](row))[0] else {
                return nil
            }
            return n
        }
    }

    private func merge(_ rows: [(Int64, Int64)], into tables: TableStore, version: UInt32 = 1) throws {
        try tables.merge(
            try rows.map { (try Fixture.tuple(.int64($0.0)), Fixture.count($0.1)) }, into: table, version: version)
    }

    /// Asks the cache, then the store; gives whether the cache was enough.
    @discardableResult
    private func answer(_ lookup: RowLookup, _ tables: TableStore, _ table: TableEntry? = nil) throws -> Bool {
        let table = table ?? self.table
        if try tables.lookUpHot(lookup, in: table) { return true }
        try tables.lookUpStored(lookup, in: table)
        return false
    }

    @Test func whatWasReadOnceIsFoundInTheCacheAbsentOrNot() throws {
        let store = try TestStore(table)
        try merge([(1, 10), (3, 30)], into: store.tables)
        let lookup = try lookup([3, 2, 1, 3])
        #expect(try !answer(lookup, store.tables))
        #expect(try counts(lookup) == [30, nil, 10, 30])
        #expect(lookup.servedVersion == 1)
        #expect(try answer(lookup, store.tables))
        #expect(try counts(lookup) == [30, nil, 10, 30])
        #expect(lookup.servedVersion == 1)
    }

    @Test func rowsOfBothKindsComeInTheOrderOfTheKeys() throws {
        let store = try TestStore(table)
        try merge((0..<100).filter { $0 % 3 != 0 }.map { ($0, $0 * 10) }, into: store.tables)
        try answer(try lookup((0..<100).filter { $0 % 2 == 0 }), store.tables)
        let both = try lookup(Array(0..<100))
        #expect(try !answer(both, store.tables))
        #expect(both.missed == (0..<100).filter { $0 % 2 == 1 })
        #expect(try counts(both) == (0..<100).map { $0 % 3 == 0 ? nil : $0 * 10 })
    }

    @Test func aCommitIsSeenByTheNextLookup() throws {
        let store = try TestStore(table)
        let lookup = try lookup([1, 2])
        for n in 1...20 as ClosedRange<Int64> {
            try answer(lookup, store.tables)
            try merge([(1, 1)], into: store.tables)
            #expect(try !answer(lookup, store.tables))
            #expect(try counts(lookup) == [n, nil])
            #expect(try answer(lookup, store.tables))
        }
        try merge([(2, 5)], into: store.tables)
        try answer(lookup, store.tables)
        #expect(try counts(lookup) == [20, 5])
    }

    @Test func aVersionThatWasNeverLookedUpCostsItsWriterNoInvalidation() throws {
        let store = try TestStore(table)
        try merge([(1, 1)], into: store.tables)
        let version = try #require(try store.tables.opened().version(VersionID(table: 1, version: 1)))
        let hotRows = try #require(store.tables.hotRows)
        let space = version.space.load(ordering: .relaxed)
        let tuple = try Fixture.tuple(.int64(1))
        let before = version.isLookedUp.load(ordering: .relaxed)
        #expect(!before)
        #expect(hotRows.note(tuple, space: space) == 0)
        try answer(try lookup([7]), store.tables)
        let after = version.isLookedUp.load(ordering: .relaxed)
        #expect(after)
        try merge([(1, 1)], into: store.tables)
        #expect(hotRows.note(tuple, space: space) == 1)
    }

    @Test func aFailedCommitLeavesNothingStaleNorDoesARecovery() throws {
        let store = try TestStore(table)
        let lookup = try lookup([1])
        try merge([(1, 1)], into: store.tables)
        try answer(lookup, store.tables)
        store.tables.failNextWrite(with: RocksDBError(.noSpace, "full"))
        #expect(throws: TablesError.self) { try merge([(1, 1)], into: store.tables) }
        // It goes on being read while it waits for its recovery.
        try answer(lookup, store.tables)
        #expect(try counts(lookup) == [1])
        try store.tables.recover()
        #expect(try !answer(lookup, store.tables))
        #expect(try counts(lookup) == [1])
        try merge([(1, 1)], into: store.tables)
        try answer(lookup, store.tables)
        #expect(try counts(lookup) == [2])
    }

    @Test func eachVersionHasRowsOfItsOwnAndASwitchShowsThoseOfTheNext() throws {
        var table = self.table
        table.versions.append(VersionEntry(number: 2, createdAt: 1, origin: "live"))
        let store = try TestStore(table)
        try merge([(1, 1)], into: store.tables, version: 1)
        try merge([(1, 2)], into: store.tables, version: 2)
        let lookup = try lookup([1])
        for _ in 0..<2 { try answer(lookup, store.tables, table) }
        #expect(try counts(lookup) == [1])
        table.servingVersion = 2
        #expect(try !answer(lookup, store.tables, table))
        #expect(try counts(lookup) == [2])
        #expect(lookup.servedVersion == 2)
        // A pin reads the other one, which was kept all along.
        lookup.version = 1
        #expect(try answer(lookup, store.tables, table))
        #expect(try counts(lookup) == [1])
        #expect(lookup.servedVersion == 1)
        try store.tables.dropVersion(table: 1, version: 1)
        let error = #expect(throws: TablesError.self) { try answer(lookup, store.tables, table) }
        #expect(error?.code == .versionGone)
    }

    @Test func aVersionMadeAnewUnderAnOldNumberHasNoneOfTheOldRows() throws {
        var table = self.table
        table.versions.append(VersionEntry(number: 2, createdAt: 1, origin: "live"))
        table.servingVersion = 2
        let store = try TestStore(table)
        let lookup = try lookup([1])
        try merge([(1, 1)], into: store.tables, version: 2)
        for _ in 0..<2 { try answer(lookup, store.tables, table) }
        try store.tables.dropVersion(table: 1, version: 2)
        try store.tables.createVersion(table: 1, version: 2)
        #expect(try !answer(lookup, store.tables, table))
        #expect(try counts(lookup) == [nil])
    }

    @Test func whatWasAbsentBeforeALoadIsThereAfterIt() throws {
        var table = self.table
        table.versions.append(VersionEntry(number: 2, createdAt: 1, origin: "file", loadedRows: 1))
        let store = try TestStore(table)
        try store.tables.createVersion(table: 1, version: 2)
        let lookup = try lookup([1])
        lookup.version = 2
        for _ in 0..<2 { try answer(lookup, store.tables, table) }
        #expect(try counts(lookup) == [nil])
        let file = store.path + "/load.sst"
        let writer = try SSTWriter(path: file, options: TableStore.loadFileOptions)
        var keys = ByteStrings()
        var tuples = ByteStrings()
        tuples.append(try Fixture.tuple(.int64(1)))
        try StorageKey(of: table, shardCount: 8).encode(tuples, into: &keys)
        try keys.arena.withUnsafeBytes { key in
            try Fixture.count(9).withUnsafeBytes { try writer.put(key, $0) }
        }
        _ = try writer.finish()
        try store.tables.ingest(files: [file], table: 1, version: 2)
        #expect(try !answer(lookup, store.tables, table))
        #expect(try counts(lookup) == [9])
    }

    @Test func aRevisionOfTheSchemaPresentsItsOwnRows() throws {
        let store = try TestStore(table)
        try store.tables.merge([(try Fixture.tuple(.int64(1)), Fixture.count(1, max: 4))], into: table)
        let lookup = try lookup([1])
        for _ in 0..<2 { try answer(lookup, store.tables) }
        var next = table
        next.schemaRevision += 1
        // Presented otherwise: the second column's expression is over the first aggregate.
        next.columns[1].expression = .column(0, .int64)
        #expect(try !answer(lookup, store.tables, next))
        let row = try #require(lookup.rows[0])
        #expect(try next.values(of: [UInt8](row)) == [.int64(1), .int64(1)])
        #expect(try answer(lookup, store.tables, next))
    }

    @Test func aKeyThatDoesNotFitIsRefusedAndNothingIsKeptOfIt() throws {
        let store = try TestStore(table)
        let lookup = RowLookup()
        lookup.keys.append(try Fixture.tuple(.string("x")))
        for _ in 0..<2 {
            #expect(try !store.tables.lookUpHot(lookup, in: table))
            let error = #expect(throws: TablesError.self) { try store.tables.lookUpStored(lookup, in: table) }
            #expect(error?.code == .wrongKey)
        }
        lookup.removeAll()
        lookup.keys.append(try Fixture.tuple(.int64(1)))
        try answer(lookup, store.tables)
        #expect(try counts(lookup) == [nil])
    }

    @Test func aStoreWithoutACacheAnswersAsWell() throws {
        let store = try TestStore(table)
        try merge([(1, 1)], into: store.tables)
        try store.tables.close()
        let plain = try TableStore(
            directory: store.path + "/tables", catalog: store.catalog, memoryBytes: 16 << 20, hotRowBytes: 0)
        let lookup = try lookup([1, 2])
        for _ in 0..<2 {
            #expect(try !answer(lookup, plain))
            #expect(try counts(lookup) == [1, nil])
            #expect(lookup.servedVersion == 1)
        }
        try plain.close()
    }

    @Test func readsThatGoToFilesAreNoticedAndForgottenWhenTheyCease() throws {
        let planes = Fixture.aircraft()
        let store = try TestStore(planes)
        var random = Seeded(3)
        func merge(_ numbers: Range<Int>, at time: Int64) throws {
            try store.tables.merge(
                try numbers.map { number in
                    let carrier = String((0..<400).map { _ in "0123456789abcdef".randomElement(using: &random) ?? "0" })
                    return (
                        try Fixture.tuple(.string("N\(number)")),
                        Fixture.plane(carrier, .log(eventTime: time, bucket: 0, offset: time))
                    )
                }, into: planes)
        }
        func read(_ numbers: some Sequence<Int>) throws {
            let lookup = RowLookup()
            for number in numbers { lookup.keys.append(try Fixture.tuple(.string("N\(number)"))) }
            try answer(lookup, store.tables, planes)
        }
        try merge(0..<2000, at: 1)
        try store.tables.opened().database.flush()
        #expect(!store.tables.readsMissMemory(of: planes))
        try store.reopen()
        try read(stride(from: 0, to: 2000, by: 40))
        #expect(store.tables.readsMissMemory(of: planes))
        // Written rows are not in the cache of rows, and their blocks are in memory by now.
        // A flush in between may bring some new ones.
        for time in 2...400 as ClosedRange<Int64> where store.tables.readsMissMemory(of: planes) {
            try merge(0..<50, at: time)
            try read(0..<50)
        }
        #expect(!store.tables.readsMissMemory(of: planes))
    }

    @Test func aHitAllocatesNothing() throws {
        let store = try TestStore(table)
        try merge((0..<1000).map { ($0, $0) }, into: store.tables)
        let lookup = RowLookup()
        let tuples = try (0..<50).map { try Fixture.tuple(.int64($0 * 20)) }
        var allocations: UInt64 = 0
        var hits = 0
        for round in 0..<103 {
            lookup.removeAll()
            for tuple in tuples { lookup.keys.append(tuple) }
            let before = maser_allocation_count()
            let isAll = try store.tables.lookUpHot(lookup, in: table)
            if round >= 3 { allocations += maser_allocation_count() - before }
            if isAll { hits += 1 } else { try store.tables.lookUpStored(lookup, in: table) }
        }
        #expect(hits == 102)
        // Without optimization the variables that closures share are on the heap: some for each batch, none for a row.
        #if DEBUG
            #expect(allocations <= 100 * 8)
        #else
            #expect(allocations == 0)
        #endif
        // The count counts.
        let control = maser_allocation_count()
        withExtendedLifetime(RowLookup()) {}
        #expect(maser_allocation_count() > control)
    }
}
