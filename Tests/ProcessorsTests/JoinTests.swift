import Bytes
import Catalog
import Categories
import Expressions
import Monoids
import Records
import Synchronization
import Tables
import Testing

@testable import Processors

@Suite struct JoinTests {
    private static let name = Expression.column(EventsApp.columns.count, .string)

    /// Rows by shop, and a note of what was asked for.
    private final class Shops: TableLookup {
        let names: [Int64: String]
        let unreadable: Set<Int64>
        let asked = Mutex<[[Int64]]>([])

        init(_ names: [Int64: String], unreadable: Set<Int64> = []) {
            self.names = names
            self.unreadable = unreadable
        }

        func rows(
            of table: UInt32, columns: [JoinedColumn], keys: ByteStrings
        ) throws(ProcessorsError) -> JoinedRows {
            var shops: [Int64] = []
            for index in 0..<keys.count {
                let key = try? keys[index].withUnsafeBytes { try decodeKey($0, types: [.int64]) }
                if case .int64(let shop)? = key?.first { shops.append(shop) }
            }
            asked.withLock { $0.append(shops.sorted()) }
            return JoinedRows(
                isFound: shops.map { names[$0] != nil },
                columns: columns.map { column in
                    Column(type: column.type, values: shops.map { names[$0].map { .string($0) } ?? .null })
                }, unreadable: shops.indices.filter { unreadable.contains(shops[$0]) })
        }
    }

    /// SELECT name, COUNT(*) AS n FROM events JOIN shops GROUP BY name
    private func table(
        id: UInt32 = 1, keepsUnmatched: Bool, filter: Expression? = nil, keys: [(name: String, Expression)]? = nil,
        joins: [JoinClause]? = nil
    ) -> TableEntry {
        var query = AggregateTable(id: id, name: "by_name\(id)")
        query.add("n", .count, [], .int64)
        var entry = query.entry(keys: keys ?? [(name: "name", Self.name)], pane: nil, filter: filter)
        guard case .aggregate(var aggregate) = entry.source else { return entry }
        aggregate.joins = joins ?? [OutputFolder.join(keepsUnmatched: keepsUnmatched)]
        entry.source = .aggregate(aggregate)
        return entry
    }

    private func plan(_ tables: [TableEntry], _ lookup: any TableLookup) throws -> InputPlan {
        let input = InputTableEntry(
            name: "events", categoryID: 1, format: .json, columns: EventsApp.columns, eventTimeColumn: 0,
            start: .earliest)
        return try #require(
            try InputPlan(
                input, tables: tables, shardCount: 4, joinable: [OutputFolder.ID.shops: OutputFolder.shops],
                lookup: lookup))
    }

    private func records(_ shops: [Int64?], x: Int64 = 1) -> LogRecords {
        var values = ByteStrings()
        for shop in shops { values.append(Event(time: ReferenceTests.base, user: "u", shop: shop, x: x).json) }
        return LogRecords(
            offsets: Array(0..<Int64(shops.count)),
            appendTimes: [Int64](repeating: ReferenceTests.base, count: shops.count),
            keys: ByteStrings(arena: [], ends: [Int](repeating: 0, count: shops.count)),
            hasKey: [Bool](repeating: false, count: shops.count), values: values,
            headers: [[RecordHeader]](repeating: [], count: shops.count))
    }

    private func prepare(_ plan: InputPlan, _ records: LogRecords) throws -> PreparedInput {
        var stopwatch = Stopwatch(.system)
        return try plan.preparer.prepare(records, bucket: 0, &stopwatch)
    }

    /// The first key column of the rows that a table takes.
    private func keys(_ prepared: PreparedInput, table: Int = 0, _ types: [ValueType] = [.string]) throws -> [Value] {
        let rows = prepared.rows[table]
        return try rows.slots.indices.filter { rows.slots[$0] != GroupMap.noSlot }.map { row in
            try rows.keys.arena[rows.keys.range(at: row)].withUnsafeBytes {
                try decodeKey($0, types: types)[0]
            }
        }
    }

    @Test func aLeftJoinKeepsRecordsWithoutARowAndAnInnerOneDoesNot() throws {
        let shops = Shops([1: "one", 2: "two"])
        let plan = try plan([table(keepsUnmatched: true), table(id: 2, keepsUnmatched: false)], shops)
        let prepared = try prepare(plan, records([2, 1, 9, nil, 1]))
        #expect(try keys(prepared) == [.string("two"), .string("one"), .null, .null, .string("one")])
        #expect(try keys(prepared, table: 1) == [.string("two"), .string("one"), .string("one")])
        #expect(prepared.unmatched == 2)
        #expect(shops.asked.withLock { $0 } == [[1, 2, 9]], "one lookup of the distinct keys, for both tables")
    }

    @Test func recordsThatTheFilterPassesOverAreNotLookedUp() throws {
        let big = Expression.comparison(.greater, EventsApp.shop, .literal(.int64(5), .int64))
        let named = Expression.comparison(.equal, Self.name, .literal(.string("six"), .string))
        let shops = Shops([6: "six", 7: "seven"])
        let plan = try plan([table(keepsUnmatched: false, filter: .and(named, big))], shops)
        let prepared = try prepare(plan, records([1, 6, 7, 8]))
        #expect(shops.asked.withLock { $0 } == [[6, 7, 8]])
        #expect(try keys(prepared) == [.string("six")])
        #expect(prepared.unmatched == 1)
        // With another table that takes all records, all are.
        let both = try self.plan(
            [table(keepsUnmatched: false, filter: big), table(id: 2, keepsUnmatched: true)], shops)
        _ = try prepare(both, records([1, 6]))
        #expect(shops.asked.withLock { $0.last } == [1, 6])
    }

    /// FROM events JOIN shops ON shop = a.shop JOIN shops AS b ON LENGTH(a.name) = b.shop
    @Test func aJoinMayGoByTheColumnsOfTheOneBefore() throws {
        let length = Expression.function(.length, [Self.name], .int64)
        let second = JoinClause(
            tableID: OutputFolder.ID.shops, keepsUnmatched: false, keys: [length],
            columns: [JoinedColumn(name: "shop", type: .int64), JoinedColumn(name: "name", type: .string)])
        let shops = Shops([1: "three", 5: "five"])
        let table = table(
            keepsUnmatched: true,
            keys: [
                (name: "name", .column(EventsApp.columns.count + 2, .string)),
                (name: "key", .column(EventsApp.columns.count + 1, .int64)),
            ], joins: [OutputFolder.join(keepsUnmatched: true), second])
        let prepared = try prepare(try plan([table], shops), records([1, 5, 3]))
        // LENGTH(three) = 5, which is there; LENGTH(five) = 4 and NULL, which are not.
        #expect(try keys(prepared, [.string, .int64]) == [.string("five")])
        #expect(shops.asked.withLock { $0 } == [[1, 3, 5], [4, 5]])
        let row = try #require(prepared.rows[0].slots.firstIndex { $0 != GroupMap.noSlot })
        let key = try prepared.rows[0].keys.arena[prepared.rows[0].keys.range(at: row)].withUnsafeBytes {
            try decodeKey($0, types: [.string, .int64])
        }
        #expect(key == [.string("five"), .int64(5)], "a key column of the joined table is what it was found by")
    }

    @Test func aRowThatCannotBeReadIsTheRecordsFaultAndNotTheBatchs() throws {
        let plan = try plan([table(keepsUnmatched: true)], Shops([1: "one"], unreadable: [2]))
        let prepared = try prepare(plan, records([1, 2, 3]))
        #expect(prepared.refusals.map(\.record) == [1])
        #expect(try keys(prepared) == [.string("one"), .null])
    }

    @Test func aJoinByAnythingButTheKeyIsNoPlan() throws {
        let clause = JoinClause(
            tableID: OutputFolder.ID.shops, keepsUnmatched: true, keys: [EventsApp.user],
            columns: [JoinedColumn(name: "name", type: .string)])
        let error = #expect(throws: ProcessorsError.self) {
            _ = try plan([table(keepsUnmatched: true, joins: [clause])], Shops([:]))
        }
        #expect(error?.code == .invalidPlan)
    }

    // MARK: In the table store

    @Test func rowsAreReadAsTheyStand() throws {
        let folder = try OutputFolder(outputs: [OutputFolder.ID.big])
        let processor = try folder.processor()
        for (time, name) in [(1, "first"), (2, "second")] as [(Int64, String)] {
            try folder.putShop(4, name: name, time: time)
            try folder.append([Event(time: ReferenceTests.base, user: "a", shop: 4, x: 60)])
            try folder.process(processor)
        }
        try folder.append([Event(time: ReferenceTests.base, user: "a", shop: 5, x: 60)])
        try folder.process(processor)
        let names = try folder.emitted(OutputFolder.ID.big).map { $0.value.split(separator: ":").last.map(String.init) }
        #expect(names == ["\"first\"}", "\"second\"}", "null}"])
        #expect(processor.unmatchedCount == 1)
    }

    @Test func aTableThatWasNeverLoadedHasNoRows() throws {
        let folder = try OutputFolder(outputs: [OutputFolder.ID.big])
        try folder.catalog.update { snapshot in
            var shops = OutputFolder.shops
            shops.versions = []
            shops.servingVersion = 0
            try snapshot.put(shops)
        }
        try folder.append([Event(time: ReferenceTests.base, user: "a", shop: 4, x: 60)])
        try folder.process(folder.processor())
        #expect(try folder.emitted(OutputFolder.ID.big).map(\.value) == folder.expectedBig { _ in nil })
    }

    @Test func aTableStoreThatCannotBeReadIsNoMissingRow() throws {
        let folder = try OutputFolder(outputs: [OutputFolder.ID.big])
        try folder.putShop(4, name: "four")
        try folder.append([Event(time: ReferenceTests.base, user: "a", shop: 4, x: 60)])
        let processor = try folder.processor()
        try folder.tables.close()
        let error = #expect(throws: ProcessorsError.self) { _ = try processor.step() }
        #expect(error?.isTransient == true)
        try folder.reopen()
        try folder.process(folder.processor())
        #expect(try folder.emitted(OutputFolder.ID.big).map(\.value) == folder.expectedBig { _ in "four" })
    }
}
