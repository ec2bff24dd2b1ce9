import Catalog
import Categories
import Expressions
import Monoids
import Records
import RocksDB
import Tables
import Testing

@testable import Processors

@Suite struct FailureTests {
    private static let bad = (0..<5).map { Array("not json \($0)".utf8) }

    /// Whether an append that failed is in the log is not known then.
    @Test(arguments: [false, true]) func deadLettersAreKeptOnceThoughAppendingThemFails(isWritten: Bool) throws {
        let stores = try Stores(bucketCount: 1)
        try stores.append(Self.bad, bucket: 0)
        try stores.append([Event(time: ReferenceTests.base, user: "a", x: 1)])
        stores.categories.failNextWrite(
            with: RocksDBError(.noSpace, "No space left on device"), afterWriting: isWritten)
        let runner = stores.runner()
        runner.start()
        try eventually("keeping dead letters") { runner.status.buckets.first?.position == 6 }
        runner.stop()
        #expect(try stores.deadLetters().map { $0["offset"] } == ["0", "1", "2", "3", "4"])
        #expect(try stores.differences() == [])
    }

    @Test func whatCannotGoAwayStopsTheAppAndIsSaid() throws {
        let stores = try Stores(bucketCount: 1)
        let position = StoredPosition(
            table: EventsApp.byShop.id, version: 1, category: EventsApp.categoryID, bucket: 0, offset: 2, appendTime: 0)
        try stores.tables.commit(Checkpoint(merges: [], positions: [position]))
        let runner = stores.runner()
        runner.start()
        try eventually("failing") { runner.status.state == .failed }
        #expect(runner.status.message?.contains("were applied up to 2") == true)
        runner.stop()
        #expect(runner.status.state == .failed)
    }

    @Test func aNaNInAKeyIsRefusedWithoutTheOtherRecords() throws {
        let input = InputTableEntry(
            name: "events", categoryID: 1, format: .csv,
            columns: [InputColumn(name: "y", type: .double, path: ["y"])], eventTimeColumn: nil, start: .earliest)
        var query = AggregateTable(id: 1, name: "by_y")
        query.add("n", .count, [], .int64)
        let table = query.entry(keys: [(name: "y", .column(0, .double))], pane: nil, filter: nil)
        let plan = try #require(try InputPlan(input, tables: [table], shardCount: 4))
        var values = ByteStrings()
        for text in ["1.5", "NaN", "2.5"] { values.append(text.utf8) }
        let records = LogRecords(
            offsets: [7, 8, 9], appendTimes: [1, 1, 1], keys: ByteStrings(arena: [], ends: [0, 0, 0]),
            hasKey: [false, false, false], values: values, headers: [[], [], []])
        var stopwatch = Stopwatch(.system)
        let prepared = try plan.preparer.prepare(records, bucket: 0, &stopwatch)
        let batch = PreparedBatch(
            bucket: 0, records: records, end: 10, appendTime: 1, inputs: [prepared], times: stopwatch.times)
        let refusals = plan.apply(prepared, of: batch, positions: [0], &stopwatch)
        #expect(refusals.map(\.record) == [1])
        #expect(plan.sinks.first?.groupCount == 2)
    }
}
