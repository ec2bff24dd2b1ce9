import Catalog
import Records
import Tables
import Testing

@testable import Processors

@Suite struct PositionTests {
    @Test func startsWhereTheInputTableSays() throws {
        let stores = try Stores(bucketCount: 2, app: EventsApp.app(startOffsets: [1, 0]))
        let value = Event(time: ReferenceTests.base, user: "a", shop: 1).json
        try stores.append([value, value, value], bucket: 0)
        try stores.append([value], bucket: 1)
        try stores.process()
        #expect(try stores.rows(EventsApp.byShop).values.map { $0[0] } == [.int64(3)])
    }

    @Test func tablesAtDifferentPositionsEachGetEveryRecordOnce() throws {
        var generator = SeededGenerator(seed: 21)
        let stores = try Stores(bucketCount: 1)
        try stores.append(Event.random(400, base: ReferenceTests.base, using: &generator))
        try stores.process()
        // One table begins again from nothing, as a dropped version would.
        try stores.tables.dropVersion(table: EventsApp.byShop.id, version: 1)
        try stores.tables.createVersion(table: EventsApp.byShop.id, version: 1)
        try stores.append(Event.random(400, base: ReferenceTests.base, using: &generator))
        let processor = try stores.processor(batchRecordCount: 30)
        for _ in 0..<5 { _ = try processor.step() }
        try processor.checkpoint()
        try stores.reopen()
        try stores.process()
        #expect(try stores.differences() == [])
    }

    @Test func aPositionBeyondTheLogsEndIsRefused() throws {
        let stores = try Stores(bucketCount: 1)
        try stores.append([Event(time: ReferenceTests.base, user: "a")])
        let position = StoredPosition(
            table: EventsApp.byShop.id, version: 1, category: EventsApp.categoryID, bucket: 0, offset: 2, appendTime: 0)
        try stores.tables.commit(Checkpoint(merges: [], positions: [position]))
        let error = #expect(throws: ProcessorsError.self) { _ = try stores.processor() }
        #expect(error?.code == .positionOutsideLog)
        #expect(error?.description.contains("events bucket 0 ends at 1") == true)
    }
}
