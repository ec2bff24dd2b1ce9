import Foundation
import RocksDB
import Tables
import Testing

@testable import Processors

@Suite struct AppRunnerTests {
    private func hasCaughtUp(_ runner: AppRunner) -> Bool {
        let status = runner.status
        return !status.buckets.isEmpty && status.buckets.allSatisfy { $0.position == $0.end }
    }

    @Test func followsTheLogAndSaysHowFarItIs() throws {
        var generator = SeededGenerator(seed: 31)
        let stores = try Stores(bucketCount: 2)
        let runner = stores.runner()
        runner.start()
        for _ in 0..<5 {
            try stores.append(Event.random(100, base: ReferenceTests.base, using: &generator))
            try eventually("catching up") { hasCaughtUp(runner) && runner.status.buckets.contains { $0.end > 0 } }
        }
        let before = Int64(Date().timeIntervalSince1970 * 1_000_000)
        try eventually("catching up") { runner.status.buckets.map(\.position).reduce(0, +) == 500 }
        let status = runner.status
        #expect(status.state == .running)
        #expect(status.message == nil)
        #expect(status.records == 500)
        #expect(status.checkpoints > 0)
        #expect((status.freshness(ofCategory: EventsApp.categoryID) ?? 0) >= before)
        #expect(status.stageTimes.total > 0)
        runner.stop()
        #expect(runner.status.state == .stopped)
        #expect(try stores.differences() == [])
    }

    @Test func stoppingWritesALastCheckpoint() throws {
        var generator = SeededGenerator(seed: 32)
        let stores = try Stores(bucketCount: 2, app: EventsApp.app(checkpointMilliseconds: 3_600_000))
        let runner = stores.runner()
        runner.start()
        try stores.append(Event.random(300, base: ReferenceTests.base, using: &generator))
        try eventually("reading") { runner.status.records == 300 }
        runner.stop()
        #expect(try stores.differences() == [])
    }

    @Test func abandonedWorkIsDoneAgain() throws {
        var generator = SeededGenerator(seed: 33)
        let stores = try Stores(bucketCount: 2)
        for _ in 0..<5 {
            let runner = stores.runner()
            runner.start()
            try stores.append(Event.random(200, base: ReferenceTests.base, using: &generator))
            runner.stop(checkpointing: false)
            try stores.reopen()
        }
        try stores.process()
        #expect(try stores.differences() == [])
    }

    @Test func recoversFromAFullDiskAndSaysSoMeanwhile() throws {
        var generator = SeededGenerator(seed: 34)
        let stores = try Stores(bucketCount: 2)
        let runner = stores.runner()
        runner.start()
        try stores.append(Event.random(100, base: ReferenceTests.base, using: &generator))
        try eventually("catching up") { runner.status.buckets.map(\.position).reduce(0, +) == 100 }
        stores.tables.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        try stores.append(Event.random(100, base: ReferenceTests.base, using: &generator))
        try eventually("failing") { runner.status.state == .retrying }
        #expect(runner.status.message?.contains("No space left on device") == true)
        try eventually("catching up") { runner.status.buckets.map(\.position).reduce(0, +) == 200 }
        #expect(runner.status.state == .running)
        #expect(runner.status.message == nil)
        runner.stop()
        #expect(try stores.differences() == [])
    }
}
