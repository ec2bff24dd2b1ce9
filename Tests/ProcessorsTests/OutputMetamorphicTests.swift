import Catalog
import Categories
import Records
import RocksDB
import Tables
import Testing

@testable import Processors

/// However the same records are cut up on their way, and wherever it fails, exactly-once outputs hold the same.
@Suite struct OutputMetamorphicTests {
    private static let start = ReferenceTests.base - ReferenceTests.base % EventsApp.minute
    private static let names: [Int64: String] = [0: "zero", 2: "two", 5: "five"]

    private func check(_ folder: OutputFolder, _ processor: AppProcessor, _ label: String) throws {
        let big = try folder.emitted(OutputFolder.ID.big).map(\.value)
        #expect(OutputFolder.differences(big, folder.expectedBig { Self.names[$0] }) == [], "\(label)")
        #expect(try folder.finalDifferences() == [], "\(label)")
        #expect(try !folder.emitted(OutputFolder.ID.finalPanes).isEmpty, "\(label)")
        let changes = try folder.emitted(OutputFolder.ID.changedPanes)
        #expect(Set(changes).count == changes.count, "\(label)")
        let newest = Dictionary(grouping: changes) { record in record.value.split(separator: ",").prefix(2) }
            .compactMap { $0.value.last?.value }
        #expect(OutputFolder.differences(newest, folder.expectedPanes()) == [], "\(label)")
    }

    @Test(arguments: [1, 2, 3, 4]) func failuresAndRestartsAnywhereChangeNothing(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let folder = try OutputFolder(bucketCount: Int.random(in: 1...3, using: &generator))
        for (shop, name) in Self.names { try folder.putShop(shop, name: name) }
        let events = Event.inOrder(900, from: Self.start, seconds: 900, using: &generator)
        var given = 0
        var crashes = 0
        func make() throws -> AppProcessor {
            try folder.processor(
                batchRecordCount: Int.random(in: 5...200, using: &generator),
                greatestRoundCount: Int.random(in: 1...40, using: &generator))
        }
        var processor = try make()
        // Each bucket has a record before any is idle.
        try folder.append(Array(events[..<100]))
        given = 100
        while try processor.step() {}
        while given < events.count || crashes < 15 {
            do {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0...1 where given < events.count:
                    let count = Int.random(in: 1...60, using: &generator)
                    try folder.append(Array(events[given..<min(given + count, events.count)]))
                    given = min(given + count, events.count)
                case 2: try processor.checkpoint()
                case 3:
                    folder.tables.failWrite(
                        after: Int.random(in: 0...2, using: &generator), with: RocksDBError(.ioError, "gone"))
                    try processor.checkpoint()
                    try processor.checkpoint()
                    try processor.checkpoint()
                case 4:
                    // What is already appended is not what fails here: only what outputs append.
                    folder.categories.failNextWrite(
                        with: RocksDBError(.noSpace, "full"), afterWriting: Bool.random(using: &generator))
                    while try processor.step() {}
                    for _ in 0..<3 { try processor.checkpoint() }
                    // Nothing was there to append: the failure must not wait for the input.
                    try folder.reopen()
                    processor = try make()
                case 5 where crashes % 4 == 0:
                    crashes += 1
                    try folder.reopen()
                    processor = try make()
                default: _ = try processor.step()
                }
            } catch let error as ProcessorsError {
                #expect(error.isTransient, "seed \(seed): \(error)")
                crashes += 1
                if Bool.random(using: &generator) {
                    try folder.tables.recover()
                    try processor.load()
                } else {
                    try folder.reopen()
                    processor = try make()
                }
            }
        }
        try folder.reopen()
        processor = try make()
        try folder.process(processor)
        try check(folder, processor, "seed \(seed)")
    }

    @Test(arguments: [1, 16, 300]) func batchSizesDoNotMatter(batchRecordCount: Int) throws {
        var generator = SeededGenerator(seed: 77)
        let folder = try OutputFolder()
        for (shop, name) in Self.names { try folder.putShop(shop, name: name) }
        try folder.append(Event.inOrder(500, from: Self.start, seconds: 600, using: &generator))
        let processor = try folder.processor(batchRecordCount: batchRecordCount)
        try folder.process(processor)
        try check(folder, processor, "\(batchRecordCount) records a batch")
    }

    /// The runner's threads do the same: worker threads prepare, a queue writes, and a stop comes at any time.
    @Test func runnersThatAreStoppedAndStartedRepeatAndLoseNothing() throws {
        var generator = SeededGenerator(seed: 9)
        let folder = try OutputFolder(bucketCount: 3)
        for (shop, name) in Self.names { try folder.putShop(shop, name: name) }
        let events = Event.inOrder(3000, from: Self.start, seconds: 1200, using: &generator)
        try folder.append(Array(events[..<100]))
        try folder.process(try folder.processor())
        for first in stride(from: 100, to: 2100, by: 500) {
            let runner = AppRunner(
                app: folder.app, catalog: folder.catalog.snapshot, categories: folder.categories,
                tables: folder.tables)
            runner.start()
            try folder.append(Array(events[first..<first + 500]))
            runner.stop(checkpointing: Bool.random(using: &generator))
            #expect(runner.status.state == .stopped)
        }
        // However little the runners came to, the rest is read in enough batches for a watermark.
        let processor = try folder.processor(batchRecordCount: 50)
        try folder.append(Array(events[2100...]))
        try folder.process(processor)
        try check(folder, processor, "runners")
    }
}
