import Catalog
import Monoids
import Records
import Tables
import Testing

/// States that joined a table while it was live.
@Suite struct StateAdditionTests {
    /// `delays` with its last state added at a time, and made then or before.
    private static func delays(addedAt: Int64?, madeAt: Int64 = 0) -> TableEntry {
        var table = Fixture.delays()
        table.schemaRevision = addedAt == nil ? 1 : 2
        table.stateFields[2].addedAt = addedAt
        table.versions[0].createdAt = madeAt
        return table
    }

    private func store(_ table: TableEntry) throws -> TestStore {
        let store = try TestStore(table)
        for start in [10, 20, 30] as [Int64] {
            let key = try Fixture.tuple(.string("UA"), .timestamp(start))
            try store.tables.merge([(key, Fixture.delay(start, y: "y", at: start))], into: table)
        }
        return store
    }

    @Test func aPaneThatBeganBeforeAStateWasAddedPresentsNull() throws {
        let live = Self.delays(addedAt: nil)
        let store = try store(live)
        #expect(try store.tables.row(live, .string("UA"), .timestamp(10))?.last == .string("y"))
        let table = Self.delays(addedAt: 20)
        let rows = try [10, 20, 30].map { try store.tables.row(table, .string("UA"), .timestamp($0)) }
        #expect(
            rows == [
                [.int64(1), .double(10), .int64(2), .null], [.int64(1), .double(20), .int64(2), .string("y")],
                [.int64(1), .double(30), .int64(2), .string("y")],
            ])
        let page = try store.tables.scan(table, ScanRange())
        #expect(
            try (0..<3).map { try table.values(of: [UInt8](#require(page.rows[$0])))[3] } == [
                .null, .string("y"), .string("y"),
            ])
    }

    @Test func aFoldKnowsOnlyWhatEveryPaneOfItDoes() throws {
        let table = Self.delays(addedAt: 20)
        let store = try store(table)
        func fold(from: Int64?) throws -> [Value]? {
            let key = try Fixture.tuple(.string("UA"))
            return try store.tables.fold(table, key: key, from: from).row.map { try table.values(of: $0) }
        }
        #expect(try fold(from: nil) == [.int64(3), .double(20), .int64(6), .null])
        #expect(try fold(from: 20) == [.int64(2), .double(25), .int64(4), .string("y")])
    }

    @Test func countsAreNullTooAndExpressionsSeeNull() throws {
        var table = Self.delays(addedAt: nil)
        table.stateFields[0].addedAt = 25
        let store = try store(table)
        #expect(try store.tables.row(table, .string("UA"), .timestamp(20)) == [.null, .null, .null, .string("y")])
        #expect(
            try store.tables.row(table, .string("UA"), .timestamp(30))
                == [.int64(1), .double(30), .int64(2), .string("y")])
    }

    @Test func aTableWithoutPanesPresentsNullUntilAVersionThatWasMadeAfterwardsServes() throws {
        var table = Fixture.counts()
        table.stateFields[1].addedAt = 50
        let store = try TestStore(table)
        try store.tables.merge([(try Fixture.tuple(.int64(1)), Fixture.count(2, max: 3))], into: table)
        #expect(try store.tables.row(table, .int64(1)) == [.int64(2), .null])
        table.versions.append(VersionEntry(number: 2, createdAt: 60, origin: "backfill"))
        table.servingVersion = 2
        try store.tables.createVersion(table: 1, version: 2)
        try store.tables.merge([(try Fixture.tuple(.int64(1)), Fixture.count(4, max: 5))], into: table, version: 2)
        #expect(try store.tables.row(table, .int64(1)) == [.int64(4), .int64(5)])
    }

    @Test func aColumnThatJoinsPlainRowsIsNullWhereItIsNotStored() throws {
        var table = Fixture.aircraft()
        table.stateFields[1].addedAt = 50
        let store = try TestStore(table)
        let key = try Fixture.tuple(.string("N1"))
        try store.tables.merge(
            [(key, Fixture.plane("UA", seats: 7, .log(eventTime: 1, bucket: 0, offset: 1)))], into: table)
        #expect(try store.tables.row(table, .string("N1")) == [.string("UA"), .int64(7)])
    }
}
