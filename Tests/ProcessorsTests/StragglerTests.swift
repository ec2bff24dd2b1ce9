import Catalog
import Tables
import Testing

@testable import Processors

/// Versions whose load holds everything before a time.
@Suite struct StragglerTests {
    private static func stores(cut: Int64?) throws -> Stores {
        let stores = try Stores(bucketCount: 2)
        for table in EventsApp.tables {
            var table = table
            table.versions.append(
                VersionEntry(
                    number: 2, createdAt: 0, origin: "events.parquet",
                    load: LoadRecord(manifest: "0", cut: cut.map { .eventTime($0) })))
            try stores.catalog.update { [table] in try $0.put(table) }
            try stores.tables.createVersion(table: table.id, version: 2)
        }
        return stores
    }

    private static func second(_ table: TableEntry) -> TableEntry {
        var table = table
        table.servingVersion = 2
        return table
    }

    private static func count(_ stores: Stores, _ table: TableEntry, version: UInt32 = 2) throws -> UInt64 {
        Stragglers.count(in: try stores.tables.positions(table: table.id, version: version))
    }

    @Test func onlyThatVersionPassesOverThemAndACrashCountsNoneTwice() throws {
        var generator = SeededGenerator(seed: 77)
        let cut = ReferenceTests.base + 30_000_000
        let (stores, wanted) = (try Self.stores(cut: cut), try Stores(bucketCount: 2))
        var late = 0
        for round in 0..<5 {
            let events = Event.random(200, base: ReferenceTests.base, using: &generator)
            late += events.count { $0.time < cut }
            try stores.append(events)
            try wanted.append(events.filter { $0.time >= cut })
            let processor = try stores.processor(batchRecordCount: 17)
            while try processor.step() {}
            // A kill before the checkpoint is written, or before the standby is.
            if round % 2 == 0 { _ = try processor.takeCheckpoint().write(to: stores.tables, clock: .system) }
            try stores.reopen()
        }
        try stores.process()
        try wanted.process()
        #expect(try stores.differences() == [])
        #expect(late > 100)
        for table in EventsApp.tables where table.name != "latest" {
            #expect(try stores.scan(Self.second(table)) == wanted.scan(table), "\(table.name)")
        }
        #expect(try Self.count(stores, EventsApp.byShop) == UInt64(late))
        #expect(try Self.count(stores, EventsApp.byShop, version: 1) == 0)
        // Records that a filter holds back are none that a version passed over.
        #expect(try Self.count(stores, EventsApp.byMinute) < UInt64(late))
    }

    @Test func withoutSuchALoadNothingIsPassedOver() throws {
        var generator = SeededGenerator(seed: 78)
        let stores = try Self.stores(cut: nil)
        try stores.append(Event.random(300, base: ReferenceTests.base, using: &generator))
        try stores.process()
        for table in EventsApp.tables {
            #expect(try stores.scan(Self.second(table)) == stores.scan(table))
            #expect(try Self.count(stores, table) == 0)
        }
    }
}
