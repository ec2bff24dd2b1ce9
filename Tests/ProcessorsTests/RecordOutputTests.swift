import Bytes
import Catalog
import Categories
import Records
import RocksDB
import Tables
import Testing

@testable import Processors

@Suite struct RecordOutputTests {
    private static let names: [Int64: String] = [0: "zero", 1: "one \"quoted\"", 3: "drei"]

    private func folder(
        state: Semantics = .exactlyOnce, output: Semantics = .exactlyOnce, switches: TestSwitches = TestSwitches()
    ) throws -> OutputFolder {
        let folder = try OutputFolder(
            state: state, output: output, outputs: [OutputFolder.ID.big], switches: switches)
        for (shop, name) in Self.names { try folder.putShop(shop, name: name) }
        var generator = SeededGenerator(seed: 3)
        try folder.append(Event.random(600, base: ReferenceTests.base, using: &generator))
        return folder
    }

    private func big(_ folder: OutputFolder) throws -> [String] {
        try folder.emitted(OutputFolder.ID.big).map(\.value).sorted()
    }

    private func expected(_ folder: OutputFolder) -> [String] { folder.expectedBig { Self.names[$0] } }

    @Test func everyRecordThatPassesTheFilterIsInTheOutputWithItsJoinedColumn() throws {
        let folder = try folder()
        let processor = try folder.processor(batchRecordCount: 50)
        try folder.process(processor)
        #expect(try big(folder) == expected(folder))
        #expect(processor.outputRecordCount == UInt64(expected(folder).count))
    }

    @Test func recordsStandInTheBucketOfTheirKeyAndInTheOrderOfTheirInput() throws {
        let folder = try folder()
        try folder.process(folder.processor(batchRecordCount: 50))
        for record in try folder.emitted(OutputFolder.ID.big) {
            let key = Array((record.key ?? "").utf8)
            #expect(record.bucket == key.withUnsafeBytes { Bytes.bucket(ofRecordKey: $0, buckets: 3) })
        }
        for user in Set(folder.appended.map(\.event.user)) {
            let xs = folder.appended.filter { $0.event.user == user }.compactMap(\.event.x).filter { $0 > 50 }
            let records = try folder.emitted(OutputFolder.ID.big).filter { $0.key == user }
            #expect(records.count == xs.count)
            for (record, x) in zip(records, xs) { #expect(record.value.contains("\"x\":\(x),")) }
        }
    }

    @Test func anOutputThatIsAddedLaterHasTheSameRecords() throws {
        let folder = try folder()
        let without = try AppProcessor(
            {
                var app = folder.app
                app.outputIDs = []
                return app
            }(), catalog: folder.catalog.snapshot,
            categories: folder.categories, tables: folder.tables, clock: .system)
        try without.load()
        while try without.step() {}
        try without.checkpoint()
        try folder.process(folder.processor())
        #expect(try big(folder) == expected(folder))
    }

    /// Three buckets of the input append at once what only fits one after the other.
    @Test func aLogThatTakesNoMoreForNowIsWaitedFor() throws {
        let folder = try OutputFolder(bucketCount: 3, outputs: [OutputFolder.ID.big], waitingBytes: 1_500_000)
        let padding = String(repeating: "x", count: 8000)
        for number in 0..<300 {
            try folder.append([Event(time: ReferenceTests.base, user: "\(padding)\(number)", x: 60)])
        }
        let processor = try folder.processor()
        try folder.process(processor)
        #expect(try big(folder) == folder.expectedBig { _ in nil })
        #expect(processor.checkpointCount == 1)
    }

    // MARK: Crashes

    /// The output is appended, the checkpoint that covers it is not written.
    private func crashBeforeTheCheckpoint(_ folder: OutputFolder) throws {
        let processor = try folder.processor(batchRecordCount: 50)
        for _ in 0..<4 { _ = try processor.step() }
        folder.tables.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        #expect(throws: ProcessorsError.self) { try processor.checkpoint() }
        try folder.reopen()
        try folder.process(folder.processor())
    }

    @Test func exactlyOnceRepeatsNothingAfterACrashBetweenOutputAndCheckpoint() throws {
        let folder = try folder()
        try crashBeforeTheCheckpoint(folder)
        #expect(try big(folder) == expected(folder))
    }

    @Test(arguments: [Semantics.exactlyOnce, .atLeastOnce]) func atLeastOnceMayRepeatAndLosesNothing(
        state: Semantics
    ) throws {
        let folder = try folder(state: state, output: .atLeastOnce)
        try crashBeforeTheCheckpoint(folder)
        #expect(try Set(big(folder)) == Set(expected(folder)))
        #expect(try big(folder).count > expected(folder).count)
    }

    @Test func theSwitchForTestsMakesExactlyOnceRepeat() throws {
        let folder = try folder(switches: TestSwitches(duplicatesOutputs: true))
        try crashBeforeTheCheckpoint(folder)
        #expect(try big(folder).count > expected(folder).count)
    }

    @Test(arguments: [Semantics.exactlyOnce, .atMostOnce]) func atMostOnceMayLoseAndRepeatsNothing(
        state: Semantics
    ) throws {
        let folder = try folder(state: state, output: .atMostOnce)
        let processor = try folder.processor(batchRecordCount: 50)
        for _ in 0..<4 { _ = try processor.step() }
        folder.categories.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        #expect(throws: ProcessorsError.self) { try processor.checkpoint() }
        try folder.reopen()
        try folder.process(folder.processor())
        let (found, wanted) = (try big(folder), expected(folder))
        #expect(!found.isEmpty && found.count < wanted.count)
        #expect(Set(found).isSubset(of: Set(wanted)) && Set(found).count == found.count)
    }

    @Test(arguments: [false, true]) func anAppendThatFailsIsMadeAgainAndLandsOnce(isWritten: Bool) throws {
        let folder = try folder()
        let processor = try folder.processor(batchRecordCount: 50)
        for _ in 0..<4 { _ = try processor.step() }
        folder.categories.failNextWrite(
            with: RocksDBError(.noSpace, "No space left on device"), afterWriting: isWritten)
        let error = #expect(throws: ProcessorsError.self) { try processor.checkpoint() }
        #expect(error?.isTransient == true)
        try processor.load()
        try folder.process(processor)
        #expect(try big(folder) == expected(folder))
    }

    /// A record of output would be too large for a log; control characters grow sixfold in JSON.
    @Test func aRecordWhoseOutputIsTooLargeIsADeadLetterAndHoldsNothingUp() throws {
        let folder = try folder()
        let long = String(repeating: "\\u0001", count: 2 << 20)
        let value = Array("{\"time\":\"2026-01-01T00:00:00Z\",\"user\":\"\(long)\",\"x\":99}".utf8)
        try folder.categories.appendAndWait([value], bucket: 0, to: EventsApp.category(bucketCount: 2))
        let processor = try folder.processor()
        try folder.process(processor)
        #expect(try big(folder) == expected(folder))
        #expect(processor.deadLetterCount == 1)
    }
}
