import Catalog
import Synchronization
import Tables
import Testing

@testable import Processors

/// Versions that follow beside the one that serves.
@Suite struct StandbyTests {
    private final class Time: Sendable {
        let nanoseconds = Mutex<UInt64>(1_000_000_000)

        var clock: ProcessorClock {
            ProcessorClock(wall: { 0 }, monotonic: { [self] in nanoseconds.withLock { $0 } })
        }
    }

    private static func stores() throws -> Stores {
        let stores = try Stores(bucketCount: 2)
        var table = EventsApp.byMinute
        table.versions.append(VersionEntry(number: 2, createdAt: 0, origin: "live"))
        try stores.catalog.update { [table] in try $0.put(table) }
        try stores.tables.createVersion(table: table.id, version: 2)
        return stores
    }

    private static func positions(_ stores: Stores, version: UInt32) throws -> Int64 {
        try stores.tables.positions(table: EventsApp.byMinute.id, version: version).filter { $0.key.category == 1 }
            .values.map(\.offset).reduce(0, +)
    }

    private static func expectEqualVersions(_ stores: Stores) throws {
        var standby = EventsApp.byMinute
        standby.servingVersion = 2
        #expect(try stores.scan(standby) == stores.scan(EventsApp.byMinute))
    }

    @Test func standbysAreWrittenRarelyAndHoldThePositionOfTheRestNotBack() throws {
        var generator = SeededGenerator(seed: 51)
        let stores = try Self.stores()
        let time = Time()
        let processor = try AppProcessor(
            stores.app, catalog: stores.catalog.snapshot, categories: stores.categories, tables: stores.tables,
            clock: time.clock)
        try processor.load()
        func checkpointAfterReading() throws {
            while try processor.step() {}
            processor.didWrite(try processor.takeCheckpoint().write(to: stores.tables, clock: time.clock))
        }
        try stores.append(Event.random(300, base: ReferenceTests.base, using: &generator))
        try checkpointAfterReading()
        #expect(try Self.positions(stores, version: 1) == 300)
        #expect(try Self.positions(stores, version: 2) == 0)
        #expect(processor.bucketStatuses.map(\.position).reduce(0, +) == 300)
        #expect(!processor.isDirty)

        time.nanoseconds.withLock { $0 += AppProcessor.standbySpacingNanoseconds }
        #expect(processor.isDirty)
        try stores.append(Event.random(300, base: ReferenceTests.base, using: &generator))
        try checkpointAfterReading()
        #expect(try Self.positions(stores, version: 2) == 600)
        try Self.expectEqualVersions(stores)
    }

    @Test func afterACrashAStandbyGetsWhatTheOthersHaveAlready() throws {
        var generator = SeededGenerator(seed: 52)
        let stores = try Self.stores()
        for _ in 0..<4 {
            try stores.append(Event.random(200, base: ReferenceTests.base, using: &generator))
            let processor = try stores.processor(batchRecordCount: 30)
            while try processor.step() {}
            _ = try processor.takeCheckpoint().write(to: stores.tables, clock: .system)
            try stores.reopen()
        }
        #expect(try Self.positions(stores, version: 2) < Self.positions(stores, version: 1))
        try stores.process()
        #expect(try Self.positions(stores, version: 2) == 800)
        try Self.expectEqualVersions(stores)
        #expect(try stores.differences() == [])
    }
}
