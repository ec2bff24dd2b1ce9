import Bytes
import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Tables
import Testing

@testable import Processors

@Suite struct PaneOutputTests {
    private static let start = ReferenceTests.base - ReferenceTests.base % EventsApp.minute

    private func folder(
        state: Semantics = .exactlyOnce, output: Semantics = .exactlyOnce, bucketCount: Int = 2
    ) throws -> OutputFolder {
        try OutputFolder(
            bucketCount: bucketCount, state: state, output: output,
            outputs: [OutputFolder.ID.finalPanes, OutputFolder.ID.changedPanes])
    }

    private func events(_ count: Int = 800, minutes: Int64 = 10, seed: UInt64 = 5) -> [Event] {
        var generator = SeededGenerator(seed: seed)
        return Event.inOrder(count, from: Self.start, seconds: minutes * 60, using: &generator)
    }

    private func finals(_ folder: OutputFolder) throws -> [String] {
        try folder.emitted(OutputFolder.ID.finalPanes).map(\.value).sorted()
    }

    /// What has to be final, as the processor's watermark has it.
    private func expectedFinals(_ folder: OutputFolder, _ processor: AppProcessor) -> [String] {
        folder.expectedPanes(endingBy: processor.watermarkStatuses.first?.time ?? .min + 1)
    }

    // MARK: Finals

    @Test func aPaneIsEmittedOnceWhenTheWatermarkHasPassedItsEnd() throws {
        let folder = try folder()
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 30)
        while try processor.step() { if Bool.random() { try processor.checkpoint() } }
        try folder.process(processor)
        let expected = expectedFinals(folder, processor)
        #expect(!expected.isEmpty && expected.count < folder.expectedPanes().count)
        #expect(try finals(folder) == expected)
        #expect(processor.lateAfterFinalCount == 0)
    }

    @Test func roundsThatAreTooLargeAreCutUp() throws {
        let folder = try folder()
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 100, greatestRoundCount: 7)
        try folder.process(processor)
        #expect(try finals(folder) == expectedFinals(folder, processor))
        let revisions = Set(try folder.emitted(OutputFolder.ID.finalPanes).compactMap(\.revision))
        #expect(revisions.count > 5)
        #expect(revisions == Set(1...revisions.count))
    }

    @Test func aRecordLaterThanAFinalIsMergedAndCountedAndChangesNoOutput() throws {
        let folder = try folder(bucketCount: 1)
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 100)
        try folder.process(processor)
        let before = try finals(folder)
        var late = events(30, minutes: 1)
        for index in late.indices { late[index].user = "late" }
        try folder.append(late)
        try folder.process(processor)
        #expect(try finals(folder) == before)
        #expect(processor.lateAfterFinalCount == 30)
        var key = ByteWriter()
        try encodeKey([.string("late"), .timestamp(Self.start)], into: &key)
        #expect(try folder.tables.get(OutputFolder.finals, keys: [key.bytes])[0] != nil)
    }

    @Test func whatWasFinalStaysSoThoughTheWatermarkBeginsAnewAfterARestart() throws {
        let folder = try folder(bucketCount: 1)
        try folder.append(events())
        try folder.process(folder.processor(batchRecordCount: 100))
        let before = try finals(folder)
        try folder.reopen()
        let processor = try folder.processor()
        var late = events(5, minutes: 1)
        for index in late.indices { late[index].user = "late" }
        try folder.append(late)
        try folder.process(processor)
        #expect(processor.watermarkStatuses.first?.time == nil)
        #expect(processor.lateAfterFinalCount == 5)
        #expect(try finals(folder) == before)
    }

    @Test func panesOfAZoneEndWhenTheirDayDoes() throws {
        let starts = try PaneStarts(Pane(widthMicroseconds: 86_400_000_000, zone: "Europe/Berlin"))
        // The clock goes forward on 2026-03-29: that day has 23 hours.
        let day = try #require(Timestamp.parse("2026-03-28T23:00:00Z"))
        let next = try #require(Timestamp.parse("2026-03-29T22:00:00Z"))
        #expect(starts.start(of: next - 1) == day)
        #expect(starts.start(of: next) == next)
    }

    // MARK: Changes

    @Test func everyCheckpointEmitsThePanesThatItChanged() throws {
        let folder = try folder()
        let events = events()
        let processor = try folder.processor()
        for part in [events[..<300], events[300..<301], events[301...]] {
            try folder.append(Array(part))
            while try processor.step() {}
            try processor.checkpoint()
        }
        try folder.process(processor)
        let emitted = try folder.emitted(OutputFolder.ID.changedPanes)
        #expect(Set(emitted.compactMap(\.revision)) == [1, 2, 3])
        #expect(emitted.count { $0.revision == 2 } == 1)
        #expect(latest(emitted) == folder.expectedPanes())
    }

    /// The last record of each pane, as whoever reads the category in order would end up with.
    private func latest(_ emitted: [OutputFolder.Emitted]) -> [String] {
        var byPane: [String: String] = [:]
        for record in emitted {
            let pane = record.value.components(upTo: "\"n\":")
            byPane[pane] = record.value
        }
        return byPane.values.sorted()
    }

    // MARK: Crashes

    @Test(arguments: [0, 1, 2, 3]) func aRoundThatACrashInterruptedIsEmittedAgainAndLandsOnce(writes: Int) throws {
        let folder = try folder()
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 100, greatestRoundCount: 50)
        while try processor.step() {}
        // Somewhere between the checkpoint that begins the first round and the one that ends the second.
        folder.tables.failWrite(after: writes / 2, with: RocksDBError(.ioError, "gone"))
        if writes % 2 == 1 { folder.categories.failNextWrite(with: RocksDBError(.ioError, "gone"), afterWriting: true) }
        #expect(throws: ProcessorsError.self) { while processor.isDirty { try processor.checkpoint() } }
        try folder.reopen()
        let next = try folder.processor(batchRecordCount: 60, greatestRoundCount: 50)
        try folder.process(next)
        #expect(try folder.finalDifferences() == [])
        let changes = try folder.emitted(OutputFolder.ID.changedPanes)
        #expect(Set(changes).count == changes.count)
        #expect(latest(changes) == folder.expectedPanes())
    }

    @Test func atLeastOnceLosesNoPane() throws {
        let folder = try folder(output: .atLeastOnce)
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 100)
        while try processor.step() {}
        try processor.checkpoint()
        // The round is emitted, and nothing says so.
        try folder.reopen()
        let next = try folder.processor()
        try folder.process(next)
        let found = try finals(folder)
        #expect(Set(found) == Set(expectedFinals(folder, processor)))
        #expect(found.count > Set(found).count)
    }

    @Test func atMostOnceRepeatsNoPane() throws {
        let folder = try folder(output: .atMostOnce)
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 100)
        while try processor.step() {}
        try processor.checkpoint()
        #expect(try finals(folder).isEmpty, "nothing is emitted before it is durable that it was")
        try folder.reopen()
        let next = try folder.processor()
        folder.categories.failNextWrite(with: RocksDBError(.ioError, "gone"))
        #expect(throws: ProcessorsError.self) { try next.checkpoint() }
        try folder.reopen()
        try folder.process(folder.processor())
        let found = try finals(folder)
        #expect(Set(found).count == found.count && Set(found).isSubset(of: Set(expectedFinals(folder, processor))))
        #expect(found.count < expectedFinals(folder, processor).count)
    }

    @Test func aLastCheckpointEndsWhatWasBegunAndBeginsNothing() throws {
        let folder = try folder()
        try folder.append(events())
        let processor = try folder.processor(batchRecordCount: 100)
        while try processor.step() {}
        try processor.checkpoint()
        try processor.checkpoint(beginsRounds: false)
        #expect(try folder.tables.emission(ofPanesOf: OutputFolder.ID.finals)?.isOpen == false)
        let emitted = try finals(folder)
        try folder.reopen()
        try folder.process(folder.processor())
        #expect(try finals(folder) == emitted)
    }
}

extension String {
    fileprivate func components(upTo mark: String) -> String {
        guard let range = self.range(of: mark) else { return self }
        return String(self[..<range.lowerBound])
    }
}
