import Catalog
import Records
import RocksDB
import Tables
import Testing

@testable import Processors

/// What a kill in the middle of a checkpoint may do to the tables of an app that asked for less than exactly once.
@Suite struct StateSemanticsTests {
    /// The records that the table counts, after the checkpoint's second write failed and the app began again.
    private func counted(_ semantics: Semantics) throws -> (table: Int64, appended: Int64) {
        let output: Semantics = semantics == .exactlyOnce ? .atLeastOnce : semantics
        let folder = try OutputFolder(state: semantics, output: output, outputs: [])
        var generator = SeededGenerator(seed: 31)
        try folder.append(Event.random(500, base: ReferenceTests.base, using: &generator))
        let processor = try folder.processor(batchRecordCount: 60)
        for _ in 0..<4 { _ = try processor.step() }
        try processor.checkpoint()
        for _ in 0..<3 { _ = try processor.step() }
        folder.tables.failWrite(after: semantics == .exactlyOnce ? 0 : 1, with: RocksDBError(.ioError, "gone"))
        #expect(throws: ProcessorsError.self) { try processor.checkpoint() }
        try folder.reopen()
        try folder.process(folder.processor())
        var table: Int64 = 0
        var range = ScanRange()
        let layout = RowLayout(columns: [(number: 1, name: "n", type: .int64)])
        repeat {
            let page = try folder.tables.scan(OutputFolder.finals, range)
            for index in 0..<page.keys.count {
                let row = try page.rows[index].map { message in
                    try message.withUnsafeBytes { try layout.decode($0) }
                }
                if case .int64(let n)? = row?.first { table += n }
            }
            range.continuation = page.continuation
        } while !range.continuation.isEmpty
        return (table, Int64(folder.appended.count))
    }

    @Test func exactlyOnceCountsEachRecordOnce() throws {
        let (table, appended) = try counted(.exactlyOnce)
        #expect(table == appended)
    }

    @Test func atLeastOnceMayCountTwiceAndLosesNothing() throws {
        let (table, appended) = try counted(.atLeastOnce)
        #expect(table > appended && table <= 2 * appended)
    }

    @Test func atMostOnceMayLoseAndCountsNothingTwice() throws {
        let (table, appended) = try counted(.atMostOnce)
        #expect(table < appended && table > 0)
    }
}
