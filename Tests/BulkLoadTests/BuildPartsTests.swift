import Bytes
import Catalog
import Foundation
import Records
import Tables
import Testing

@testable import BulkLoad

/// What a build is put together from.
@Suite struct BuildPartsTests {
    @Test func whatFinishedRunsHoldIsLeftOutOfWhatIsReadAgain() {
        var covered = CoveredRows()
        #expect(covered.rest(of: RowRange(file: 0, first: 5, count: 5)) == [RowRange(file: 0, first: 5, count: 5)])
        covered.add([
            RowRange(file: 0, first: 10, count: 5), RowRange(file: 0, first: 0, count: 3),
            RowRange(file: 0, first: 15, count: 5), RowRange(file: 1, first: 0, count: 100),
            RowRange(file: 0, first: 2, count: 0),
        ])
        #expect(
            covered.rest(of: RowRange(file: 0, first: 0, count: 30)) == [
                RowRange(file: 0, first: 3, count: 7), RowRange(file: 0, first: 20, count: 10),
            ])
        #expect(covered.rest(of: RowRange(file: 0, first: 11, count: 9)).isEmpty)
        #expect(covered.rest(of: RowRange(file: 1, first: 99, count: 2)) == [RowRange(file: 1, first: 100, count: 1)])
    }

    @Test func rangesHaveEveryShardOnceAndAreOfAboutTheSameSize() {
        for shardCount in [1, 3, 64, 1000] {
            for bytes in [0, 1, 1 << 20, 1 << 26] as [Int64] {
                let shardBytes = (0..<shardCount).map { bytes * Int64($0 % 5) }
                let ranges = ShardRange.plan(shardBytes: shardBytes, fileBytes: 64 << 20)
                #expect(ranges.flatMap { Array($0.shards) } == Array(0..<shardCount))
            }
        }
        #expect(ShardRange.plan(shardBytes: [Int64](repeating: 1 << 20, count: 64), fileBytes: 1 << 30).count == 16)
    }

    @Test func aDescriptorIsReadAsItWasWrittenAndAnyOtherIsRefused() throws {
        let descriptor = LoadDescriptor(table: LoadFixture.planes(), shardCount: 64)
        let bytes = try descriptor.encoded()
        #expect(try LoadDescriptor(decoding: bytes) == descriptor)
        #expect(descriptor.sourceColumns.map(\.name) == ["tailnum", "year", "speed", "model", "built"])
        var newer = descriptor
        newer.format = 2
        #expect(throws: BulkLoadError.self) { try LoadDescriptor(decoding: newer.encoded()) }
        var sharding = descriptor
        sharding.shardCount = 0
        #expect(throws: BulkLoadError.self) { try LoadDescriptor(decoding: sharding.encoded()) }
        #expect(throws: BulkLoadError.self) { try LoadDescriptor(decoding: Array(bytes.dropLast(9))) }
        #expect(throws: BulkLoadError.self) { try LoadDescriptor(decoding: []) }
    }

    @Test func aFolderWithFilesOfSomebodyElseIsRefusedAndLeftAsItIs() throws {
        let fixture = try LoadFixture()
        let path = try fixture.file("work/run-2013.csv", "tailnum,year,speed,model,built\nN1,1,1,a,\n")
        for name in ["manifest.json", "x.sst", "y.part"] { _ = try fixture.file("work/\(name)", "{}") }
        let before = try FileManager.default.contentsOfDirectory(atPath: fixture.work).sorted()
        for _ in 0..<2 {
            #expect {
                _ = try fixture.builder([path]).build()
            } throws: {
                "\($0)"
                    == "\(fixture.work) has files in it that no build made: give a folder that is empty, or not there"
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.work).sorted() == before)
    }

    @Test func whatSomebodyPutsIntoTheFolderOfABuildStays() throws {
        let fixture = try LoadFixture()
        let text = (0..<3000).reduce(into: "tailnum,year,speed,model,built\n") { $0 += "N\($1),1,1,a,\n" }
        let path = try fixture.file("a.csv", text)
        _ = try fixture.builder([path], memoryBytes: 20_000).build()
        for name in ["run-1/x", "run-2013.csv", "rows.sst", "run-1.part"] { _ = try fixture.file("work/\(name)", "") }
        let wrong = try fixture.file("b.csv", "tailnum\nN1\n")
        #expect(throws: BulkLoadError.self) { try fixture.builder([wrong]).build() }
        let others = ["rows.sst", "run-1", "run-1.part", "run-2013.csv"]
        #expect(fixture.workFiles == others)
        let built = try fixture.builder([path], memoryBytes: 20_000).build()
        #expect(built.manifest.rows == 3000)
        #expect(fixture.workFiles == (others + ["manifest.json"] + built.manifest.files.map(\.name)).sorted())
    }

    @Test(
        arguments: [
            .positions(category: 3, offsets: [1, .max]), .eventTime(-5), .earliest, .replace,
        ] as [Cut]) func aCutStandsInAManifestAsItIs(cut: Cut)
    {
        #expect(ManifestCut(cut).cut == cut)
    }

    @Test func rowsOfABatchAreEncodedAsEachByItself() {
        var table = LoadFixture.planes()
        // Numbers that are not in the order of the columns, and one whose tag takes two bytes.
        for (index, number) in [40, 3, 2000 - 1, 1].enumerated() { table.columns[index].number = number }
        let values: [[Value]] = [
            [.int64(-1), .double(.nan), .string("æ"), .timestamp(.max)], [.null, .null, .null, .null],
            [.int64(.min), .double(-0.0), .string(""), .null], [.int64(0), .null, .string("\u{0}x"), .timestamp(0)],
        ]
        let columns = table.columns.indices.map { column in
            Column(type: table.columns[column].type, values: values.map { $0[column] })
        }
        let encoder = UpsertRowEncoder(of: table)
        for firstRow in [0, 1270, 1 << 30] {
            let batch = encoder.encode(batch: columns, count: values.count, file: firstRow / 1000, firstRow: firstRow)
            for row in values.indices {
                var writer = ByteWriter()
                encoder.encode(
                    columns, row: row, order: .batch(file: firstRow / 1000, row: firstRow + row), into: &writer)
                #expect(Array(batch[row]) == writer.bytes)
            }
        }
    }

    @Test func rowsInMemoryComeOutSortedByShardAndKeyAndTheBlockNeverGrows() throws {
        let block = SortBlock(capacity: 64 << 10)
        var generator = SeededNumbers(seed: 4)
        var expected: [[UInt8]] = []
        while block.fits(rows: 1, bytes: 40) {
            let tuple = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                UInt8.random(in: 0...2, using: &generator)
            }
            let shard = UInt16.random(in: 0..<5, using: &generator)
            let value = [UInt8](repeating: 7, count: Int.random(in: 0...20, using: &generator))
            tuple.withUnsafeBytes { tuple in
                value.withUnsafeBytes { block.append(shard: shard, tuple: tuple, value: $0) }
            }
            expected.append([0, UInt8(shard)] + tuple)
        }
        #expect(expected.count > 500)
        block.sort(shardCount: 5)
        var found: [[UInt8]] = []
        for shard in 0..<5 {
            guard let cursor = block.cursor(shard: shard) else { continue }
            while try cursor.advance() { found.append([UInt8](cursor.key)) }
        }
        expected.sort { $0.lexicographicallyPrecedes($1) }
        #expect(found == expected)
    }
}
