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

    private static func stores(versions: ClosedRange<UInt32> = 1...2) throws -> Stores {
        let stores = try Stores(bucketCount: 2)
        for version in versions.dropFirst() { try addVersion(version, to: stores) }
        return stores
    }

    private static func addVersion(_ version: UInt32, to stores: Stores) throws {
        try stores.catalog.update { catalog in
            guard var table = catalog.table(id: EventsApp.byMinute.id) else { return }
            table.versions.append(VersionEntry(number: version, createdAt: 0, origin: "live"))
            try catalog.put(table)
        }
        try stores.tables.createVersion(table: EventsApp.byMinute.id, version: version)
    }

    private static func positions(_ stores: Stores, version: UInt32) throws -> Int64 {
        try stores.tables.positions(table: EventsApp.byMinute.id, version: version).filter { $0.key.category == 1 }
            .values.map(\.offset).reduce(0, +)
    }

    private static func expectEqualVersions(_ stores: Stores, _ version: UInt32 = 2) throws {
        var standby = EventsApp.byMinute
        standby.servingVersion = version
        #expect(try stores.scan(standby) == stores.scan(EventsApp.byMinute))
    }

    /// Those of the table that share what a sink took, for each of its sinks.
    private static func versions(of taken: PendingCheckpoint) -> [[UInt32]] {
        taken.partials.map { $0.versions + $0.following }.filter { $0.count > 1 }
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

    @Test func standbysThatStandAsTheServingVersionTakeWhatItTook() throws {
        var generator = SeededGenerator(seed: 53)
        let stores = try Self.stores(versions: 1...3)
        let processor = try stores.processor(batchRecordCount: 30)
        try stores.append(Event.random(300, base: ReferenceTests.base, using: &generator))
        while try processor.step() {}
        let taken = try processor.takeCheckpoint(includesStandbys: true)
        #expect(Self.versions(of: taken) == [[1, 2, 3]])
        processor.didWrite(try taken.write(to: stores.tables, clock: .system))
        try stores.append(Event.random(300, base: ReferenceTests.base, using: &generator))
        try stores.process()
        for version in 2...3 as ClosedRange<UInt32> {
            #expect(try Self.positions(stores, version: version) == 600)
            try Self.expectEqualVersions(stores, version)
        }
        #expect(try stores.differences() == [])
    }

    @Test func aStandbyThatIsBehindSharesOnceItHasCaughtUp() throws {
        var generator = SeededGenerator(seed: 54)
        let stores = try Self.stores()
        try stores.append(Event.random(200, base: ReferenceTests.base, using: &generator))
        try stores.process()
        for version in 3...4 as ClosedRange<UInt32> { try Self.addVersion(version, to: stores) }
        try stores.append(Event.random(200, base: ReferenceTests.base, using: &generator))
        let processor = try stores.processor(batchRecordCount: 30)
        func versionsOfStandbys() throws -> [[UInt32]] {
            while try processor.step() {}
            let taken = try processor.takeCheckpoint(includesStandbys: true)
            processor.didWrite(try taken.write(to: stores.tables, clock: .system))
            return Self.versions(of: taken)
        }
        #expect(try versionsOfStandbys() == [[1, 2], [3, 4]])
        try stores.append(Event.random(200, base: ReferenceTests.base, using: &generator))
        #expect(try versionsOfStandbys() == [[1, 2, 3, 4]])
        for version in 2...4 as ClosedRange<UInt32> {
            #expect(try Self.positions(stores, version: version) == 600)
            try Self.expectEqualVersions(stores, version)
        }
        #expect(try stores.differences() == [])
    }
}
