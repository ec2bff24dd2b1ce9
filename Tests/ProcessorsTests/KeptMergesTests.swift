import Catalog
import Records
import Tables
import Testing

@testable import Processors

/// Standbys that get, rarely, what the checkpoints of the serving versions merged.
@Suite struct KeptMergesTests {
    private static let standbys: ClosedRange<UInt32> = 2...3

    /// Every table has two standbys.
    private static func stores() throws -> Stores {
        let stores = try Stores(bucketCount: 2)
        for table in EventsApp.tables {
            for version in standbys { try addVersion(version, of: table, to: stores) }
        }
        return stores
    }

    private static func addVersion(_ version: UInt32, of table: TableEntry, to stores: Stores) throws {
        try stores.catalog.update { catalog in
            guard var table = catalog.table(id: table.id) else { return }
            table.versions.append(VersionEntry(number: version, createdAt: 0, origin: "live"))
            try catalog.put(table)
        }
        try stores.tables.createVersion(table: table.id, version: version)
    }

    private static func append(_ count: Int, to stores: Stores, _ generator: inout SeededGenerator) throws {
        try stores.append(Event.random(count, base: ReferenceTests.base, using: &generator))
    }

    private static func processor(_ stores: Stores, bounds: PartialsBounds = PartialsBounds()) throws -> AppProcessor {
        let processor = try AppProcessor(
            stores.app, catalog: stores.catalog.snapshot, categories: stores.categories, tables: stores.tables,
            clock: .system, bounds: bounds, batchRecordCount: 30)
        try processor.load()
        return processor
    }

    /// Of the serving versions alone, unless standbys are due.
    private static func checkpoint(
        _ processor: AppProcessor, _ stores: Stores, includesStandbys: Bool? = nil
    ) throws {
        let taken = try processor.takeCheckpoint(includesStandbys: includesStandbys)
        processor.didWrite(try taken.write(to: stores.tables, clock: .system))
    }

    /// How many records a version of `byMinute` has applied, as its positions have it.
    private static func applied(_ version: UInt32, _ stores: Stores) throws -> Int64 {
        try stores.tables.positions(table: EventsApp.byMinute.id, version: version).filter { $0.key.category == 1 }
            .values.map(\.offset).reduce(0, +)
    }

    private static func expectEqualVersions(
        _ stores: Stores, tables: [TableEntry] = EventsApp.tables, versions: ClosedRange<UInt32> = standbys
    ) throws {
        for table in tables {
            for version in versions {
                var standby = table
                standby.servingVersion = version
                #expect(try stores.scan(standby) == stores.scan(table), "\(table.name) \(version)")
            }
        }
        #expect(try stores.differences() == [])
    }

    @Test func whatManyCheckpointsMergedReachesStandbysAtTheEnd() throws {
        var generator = SeededGenerator(seed: 61)
        let stores = try Self.stores()
        let processor = try Self.processor(stores)
        for _ in 0..<5 {
            try Self.append(200, to: stores, &generator)
            while try processor.step() {}
            try Self.checkpoint(processor, stores)
        }
        #expect(try Self.applied(1, stores) == 1000)
        #expect(try Self.applied(2, stores) == 0)
        #expect(processor.standbysDueAt != nil)
        // As when the app is stopped: nothing is left for the serving versions.
        try processor.checkpoint()
        #expect(processor.standbysDueAt == nil)
        #expect(try Self.applied(2, stores) == 1000)
        try Self.expectEqualVersions(stores)
    }

    @Test func aCrashTakesBackWhatWasKeptTogetherWithPositions() throws {
        var generator = SeededGenerator(seed: 62)
        let stores = try Self.stores()
        for round in 1...3 as ClosedRange<Int64> {
            let processor = try Self.processor(stores)
            try Self.append(100, to: stores, &generator)
            while try processor.step() {}
            try Self.checkpoint(processor, stores, includesStandbys: true)
            for _ in 0..<2 {
                try Self.append(100, to: stores, &generator)
                while try processor.step() {}
                try Self.checkpoint(processor, stores)
            }
            #expect(try Self.applied(1, stores) == round * 300)
            #expect(try Self.applied(2, stores) == round * 300 - 200)
            try stores.reopen()
        }
        try stores.process()
        #expect(try Self.applied(2, stores) == 900)
        try Self.expectEqualVersions(stores)
    }

    @Test func aFailedCheckpointLeavesNothingKept() throws {
        var generator = SeededGenerator(seed: 63)
        let stores = try Self.stores()
        let processor = try Self.processor(stores)
        try Self.append(200, to: stores, &generator)
        while try processor.step() {}
        try Self.checkpoint(processor, stores)
        try Self.append(200, to: stores, &generator)
        while try processor.step() {}
        // Of this one nobody hears what became of it.
        _ = try processor.takeCheckpoint().write(to: stores.tables, clock: .system)
        try processor.load()
        while try processor.step() {}
        try processor.checkpoint()
        #expect(try Self.applied(2, stores) == 400)
        try Self.expectEqualVersions(stores)
    }

    @Test func standbysAreWrittenBeforeTheirTimeWhenMuchIsKept() throws {
        var generator = SeededGenerator(seed: 64)
        let stores = try Self.stores()
        var bounds = PartialsBounds()
        bounds.byteCount = 10_000
        let processor = try Self.processor(stores, bounds: bounds)
        var checkpoints = 0
        while try Self.applied(2, stores) == 0 {
            try Self.append(20, to: stores, &generator)
            while try processor.step() {}
            try Self.checkpoint(processor, stores)
            checkpoints += 1
            try #require(checkpoints < 100)
        }
        #expect(checkpoints > 1)
        #expect(try Self.applied(2, stores) == Self.applied(1, stores))
        #expect(!processor.isDirty)
        try Self.expectEqualVersions(stores)
    }

    @Test func aStandbyThatHasCaughtUpGetsWhatIsKeptFromThenOn() throws {
        var generator = SeededGenerator(seed: 65)
        let stores = try Self.stores()
        try Self.append(200, to: stores, &generator)
        try stores.process()
        for table in EventsApp.tables { try Self.addVersion(4, of: table, to: stores) }
        let processor = try Self.processor(stores)
        for includesStandbys in [false, true, false, false, true, false] {
            try Self.append(100, to: stores, &generator)
            while try processor.step() {}
            try Self.checkpoint(processor, stores, includesStandbys: includesStandbys)
        }
        try processor.checkpoint()
        #expect(try Self.applied(4, stores) == 800)
        try Self.expectEqualVersions(stores, versions: 2...4)
    }

    @Test func standbysEqualTheServingVersionsWhateverHappensWhen() throws {
        for seed in 0..<6 as Range<UInt64> {
            var generator = SeededGenerator(seed: 6600 + seed)
            let stores = try Self.stores()
            var processor = try Self.processor(stores)
            for _ in 0..<40 {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<3: try Self.append(.random(in: 1...60, using: &generator), to: stores, &generator)
                case 3..<5: _ = try processor.step()
                case 5..<7: try Self.checkpoint(processor, stores, includesStandbys: false)
                case 7: try Self.checkpoint(processor, stores, includesStandbys: true)
                case 8:
                    _ = try processor.takeCheckpoint(includesStandbys: .random(using: &generator))
                    try processor.load()
                default:
                    try stores.reopen()
                    processor = try Self.processor(stores)
                }
            }
            while try processor.step() {}
            try processor.checkpoint()
            try Self.expectEqualVersions(stores)
        }
    }

    @Test func tablesWhosePanesAreEmittedHaveStandbysToo() throws {
        var generator = SeededGenerator(seed: 67)
        let folder = try OutputFolder(outputs: [OutputFolder.ID.finalPanes, OutputFolder.ID.changedPanes])
        let tables = [OutputFolder.finals, OutputFolder.changes]
        for table in tables {
            try folder.catalog.update { catalog in
                guard var table = catalog.table(id: table.id) else { return }
                table.versions.append(VersionEntry(number: 2, createdAt: 0, origin: "live"))
                try catalog.put(table)
            }
            try folder.tables.createVersion(table: table.id, version: 2)
        }
        let start = ReferenceTests.base - ReferenceTests.base % EventsApp.minute
        for part in 0..<4 as Range<Int64> {
            let processor = try folder.processor(batchRecordCount: 30)
            try folder.append(
                Event.inOrder(200, from: start + part * 150_000_000, seconds: 150, using: &generator))
            while try processor.step() {
                guard Bool.random(using: &generator) else { continue }
                let taken = try processor.takeCheckpoint(
                    includesStandbys: Int.random(in: 0..<4, using: &generator) == 0)
                processor.didWrite(try taken.write(to: folder.tables, clock: .system))
            }
            if part == 3 { try folder.process(processor) } else { try folder.reopen() }
        }
        #expect(try folder.finalDifferences() == [])
        for table in tables {
            var standby = table
            standby.servingVersion = 2
            let (rows, found) = (try Self.rows(table, folder), try Self.rows(standby, folder))
            #expect(!rows.isEmpty && found == rows)
        }
    }

    /// Keys and messages in turn.
    private static func rows(_ table: TableEntry, _ folder: OutputFolder) throws -> [[UInt8]] {
        let page = try folder.tables.scan(table, ScanRange())
        return (0..<page.keys.count).flatMap { [[UInt8](page.keys[$0]), page.rows[$0].map { [UInt8]($0) } ?? []] }
    }
}
