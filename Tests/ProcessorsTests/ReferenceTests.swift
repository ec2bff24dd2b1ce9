import Testing

@testable import Processors

@Suite struct ReferenceTests {
    static let base: Int64 = 1_700_000_000_000_000

    @Test(arguments: [1, 2, 3]) func tablesHoldWhatPlainDictionariesHold(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let stores = try Stores(bucketCount: 3)
        try stores.append(Event.random(3000, base: Self.base, using: &generator))
        try stores.process()
        #expect(try stores.differences() == [])
    }

    @Test func lateRecordsMergeIntoTheirPanes() throws {
        var generator = SeededGenerator(seed: 4)
        let stores = try Stores()
        for _ in 0..<5 {
            try stores.append(Event.random(300, base: Self.base, using: &generator))
            try stores.process()
        }
        try stores.append(Event.random(50, base: Self.base - 3_600_000_000, using: &generator))
        try stores.process()
        #expect(try stores.differences() == [])
    }

    @Test func panesBefore1970AreFound() throws {
        var generator = SeededGenerator(seed: 5)
        let stores = try Stores()
        try stores.append(Event.random(500, base: -30_000_000, using: &generator))
        try stores.process()
        #expect(try stores.differences() == [])
    }
}
