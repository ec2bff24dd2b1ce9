import Catalog
import Foundation
import RocksDB
import Tables
import Testing

@testable import Processors

/// Batches that other threads prepare, and checkpoints that are written while the next records are applied.
@Suite struct PipelineTests {
    private static func hasCaughtUp(_ runner: AppRunner, _ count: Int) -> Bool {
        runner.status.buckets.map(\.position).reduce(0, +) == Int64(count)
    }

    private static func events(_ count: Int) -> [Event] {
        var generator = SeededGenerator(seed: 41)
        return Event.random(count, base: ReferenceTests.base, using: &generator)
    }

    /// The one thread, without any of it.
    private static func plain(_ events: [Event]) throws -> [[[UInt8]: [UInt8]]] {
        let stores = try Stores(bucketCount: 2)
        try stores.append(events)
        try stores.process()
        return try stores.scanAll()
    }

    @Test(arguments: 0..<6) func threadsAndFailuresDoNotMatter(seed: UInt64) throws {
        var generator = SeededGenerator(seed: 1000 + seed)
        let events = Self.events(4000)
        let app = EventsApp.app(checkpointMilliseconds: Int.random(in: 0...5, using: &generator))
        let stores = try Stores(bucketCount: Int.random(in: 1...5, using: &generator), app: app)
        var bounds = PartialsBounds()
        bounds.groupCount = Int.random(in: 1...2000, using: &generator)
        let runner = AppRunner(
            app: app, catalog: stores.catalog.snapshot, categories: stores.categories, tables: stores.tables,
            batchRecordCount: Int.random(in: 1...300, using: &generator), bounds: bounds)
        runner.start()
        var appended = 0
        while appended < events.count {
            let count = min(Int.random(in: 1...900, using: &generator), events.count - appended)
            if Int.random(in: 0..<3, using: &generator) == 0 {
                stores.tables.failWrite(
                    after: Int.random(in: 0...2, using: &generator),
                    with: RocksDBError(.noSpace, "No space left on device"))
            }
            try stores.append(Array(events[appended..<appended + count]))
            appended += count
            if Bool.random(using: &generator) {
                try eventually("catching up") { Self.hasCaughtUp(runner, appended) }
            }
        }
        try eventually("catching up") { Self.hasCaughtUp(runner, appended) }
        runner.stop()
        #expect(try stores.scanAll() == Self.plain(events))
    }

    @Test func stoppingInTheMiddleLeavesACheckpointThatTheNextStartGoesOnFrom() throws {
        let events = Self.events(3000)
        let stores = try Stores(bucketCount: 3)
        try stores.append(events)
        for _ in 0..<20 {
            let runner = AppRunner(
                app: stores.app, catalog: stores.catalog.snapshot, categories: stores.categories,
                tables: stores.tables, batchRecordCount: 50)
            runner.start()
            runner.stop()
        }
        try stores.process()
        #expect(try stores.scanAll() == Self.plain(events))
    }

    @Test func aStoreThatTakesNoWritesHoldsTheInputsBackAndNotTheLookups() throws {
        let events = Self.events(6000)
        let stores = try Stores(bucketCount: 2)
        var bounds = PartialsBounds()
        bounds.groupCount = 200
        let runner = AppRunner(
            app: stores.app, catalog: stores.catalog.snapshot, categories: stores.categories, tables: stores.tables,
            batchRecordCount: 50, bounds: bounds)
        try stores.append(Array(events[..<1000]))
        runner.start()
        try eventually("catching up") { Self.hasCaughtUp(runner, 1000) }
        let before = try stores.scanAll()

        stores.tables.holdWrites(true)
        try stores.append(Array(events[1000...]))
        // One checkpoint is on its way and does not arrive; what is applied after it stops at the bound.
        try eventually("standing still") {
            let records = runner.status.records
            let rows = try stores.scanAll()
            #expect(rows == before)
            return runner.status.partials >= bounds.groupCount && runner.status.records == records
        }
        let status = runner.status
        #expect(status.records < UInt64(events.count))
        // A batch may reach over the bound, with a group for each record and table.
        #expect(status.partials < bounds.groupCount + 3 * 50)
        #expect(PrepareWorkers.shared.batchCount <= PrepareWorkers.shared.greatestBatchCount)

        stores.tables.holdWrites(false)
        try eventually("catching up") { Self.hasCaughtUp(runner, events.count) }
        runner.stop()
        #expect(try stores.scanAll() == Self.plain(events))
    }

    @Test func anAppThatFindsNoRoomWithTheWorkersPreparesItsBatchesItself() throws {
        let events = Self.events(500)
        let stores = try Stores(bucketCount: 2)
        try stores.append(events)
        let workers = PrepareWorkers(threadCount: 1)
        let release = DispatchSemaphore(value: 0)
        var taken = 0
        while workers.submit({ release.wait() }) { taken += 1 }
        #expect(taken == workers.greatestBatchCount)
        let processor = try AppProcessor(
            stores.app, catalog: stores.catalog.snapshot, categories: stores.categories, tables: stores.tables,
            clock: .system, workers: workers, batchRecordCount: 20)
        try processor.load()
        while try processor.step() {}
        try processor.checkpoint()
        for _ in 0..<taken { release.signal() }
        #expect(try stores.scanAll() == Self.plain(events))
    }
}
