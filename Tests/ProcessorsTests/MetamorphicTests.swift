import Testing

@testable import Processors

/// However the same records are cut up on their way, the tables hold the same bytes.
@Suite struct MetamorphicTests {
    private static func events() -> [Event] {
        var generator = SeededGenerator(seed: 11)
        return Event.random(2000, base: ReferenceTests.base, using: &generator)
    }

    private static func plain() throws -> [[[UInt8]: [UInt8]]] {
        let stores = try Stores(bucketCount: 2)
        try stores.append(events())
        try stores.process()
        return try stores.scanAll()
    }

    @Test(arguments: [1, 7, 100]) func batchSizesDoNotMatter(batchRecordCount: Int) throws {
        let stores = try Stores(bucketCount: 2)
        try stores.append(Self.events())
        let processor = try stores.processor(batchRecordCount: batchRecordCount)
        while try processor.step() {}
        try processor.checkpoint()
        #expect(try stores.scanAll() == Self.plain())
    }

    @Test(arguments: [1, 3]) func checkpointsInBetweenDoNotMatter(every steps: Int) throws {
        let stores = try Stores(bucketCount: 2)
        try stores.append(Self.events())
        let processor = try stores.processor(batchRecordCount: 97)
        var count = 0
        while try processor.step() {
            count += 1
            if count % steps == 0 { try processor.checkpoint() }
        }
        try processor.checkpoint()
        #expect(try stores.scanAll() == Self.plain())
    }

    /// The upsert's tie-break counts buckets, but all records of a user are in one.
    @Test(arguments: [1, 5]) func bucketCountsDoNotMatter(bucketCount: Int) throws {
        let stores = try Stores(bucketCount: bucketCount)
        try stores.append(Self.events())
        try stores.process()
        #expect(try stores.scanAll() == Self.plain())
    }

    @Test func restartsWithoutACheckpointDoNotMatter() throws {
        var generator = SeededGenerator(seed: 12)
        let stores = try Stores(bucketCount: 2)
        let events = Self.events()
        for start in stride(from: 0, to: events.count, by: 250) {
            try stores.append(Array(events[start..<min(start + 250, events.count)]))
            let processor = try stores.processor(batchRecordCount: 40)
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                _ = try processor.step()
                if Int.random(in: 0..<4, using: &generator) == 0 { try processor.checkpoint() }
            }
            // Abandoned: what it took since its last checkpoint is taken again.
            try stores.reopen()
        }
        try stores.process()
        #expect(try stores.scanAll() == Self.plain())
        #expect(try stores.differences() == [])
    }
}
