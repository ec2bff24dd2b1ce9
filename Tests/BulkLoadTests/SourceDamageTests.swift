import BulkLoad
import Foundation
import Records
import Testing

@Suite("Damaged files are one clear line")
struct SourceDamageTests {
    let fixture: LoadFixture
    let columns: [(String, ValueType)] = [("id", .int64), ("name", .string)]

    init() throws {
        fixture = try LoadFixture()
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: vector(name))))
    }

    /// One line that begins with the file's name.
    private func expectClear(_ message: String?, _ path: String, _ what: String) {
        guard let message else {
            Issue.record("\(what) was read as if nothing were wrong")
            return
        }
        #expect(message.hasPrefix(path) && !message.contains("\n"), "\(what): \(message)")
    }

    @Test("a file that is cut short anywhere", .arrow, arguments: ["rows.parquet", "rows.orc"])
    func columnarCutShort(file: String) throws {
        let whole = try bytes(file)
        for length in stride(from: 0, to: whole.count, by: max(whole.count / 40, 1)) {
            let ending = (file as NSString).pathExtension
            let path = try fixture.file("cut.\(ending)", Array(whole.prefix(length)))
            expectClear(refusal(path, columns), path, "\(length) bytes of \(file)")
        }
    }

    @Test("pages with checksums in which a bit is flipped", .arrow)
    func parquetFlipped() throws {
        let whole = try bytes("rows.parquet")
        let asIs = try SourceRows(vector("rows.parquet"), columns).columns
        var refused = 0
        for place in stride(from: 0, to: whole.count, by: 97) {
            var flipped = whole
            flipped[place] ^= 1 << UInt8(place % 8)
            let path = try fixture.file("flipped.parquet", flipped)
            do {
                // Statistics and the like have no checksum, and nobody reads them here: rows are never other rows.
                let rows = try SourceRows(path, columns)
                if place < whole.count - 4000 { #expect(rows.columns == asIs, "byte \(place)") }
            } catch {
                refused += 1
                expectClear("\(error)", path, "byte \(place)")
            }
        }
        #expect(refused > 50)
    }

    @Test("an ORC file in which a bit is flipped, wherever that is", .arrow)
    func orcFlipped() throws {
        let whole = try bytes("rows.orc")
        let asIs = try SourceRows(vector("rows.orc"), columns)
        var refused = 0
        // ORC has no checksums: some are read as other rows, or as the same. None ends this process.
        for place in stride(from: 0, to: whole.count, by: max(whole.count / 120, 1)) {
            var flipped = whole
            flipped[place] ^= 1 << UInt8(place % 8)
            let path = try fixture.file("flipped.orc", flipped)
            do {
                let rows = try SourceRows(path, columns)
                #expect(rows.columns.allSatisfy { $0.count == rows.count }, "byte \(place)")
            } catch {
                refused += 1
                expectClear("\(error)", path, "byte \(place)")
            }
        }
        #expect(refused > 5)
        #expect(try SourceRows(vector("rows.orc"), columns).columns == asIs.columns)
    }

    @Test("a file that is no such file at all", .arrow, arguments: ["parquet", "orc"])
    func noSuchFile(ending: String) throws {
        for text in ["", "PAR1", "PAR1PAR1", "ORC", "id,name\n1,a\n"] {
            let path = try fixture.file("text.\(ending)", text)
            expectClear(refusal(path, columns), path, text)
        }
    }

    @Test("compressed text that is cut short or damaged", arguments: ["rows.csv.gz", "rows.jsonl.zst"])
    func compressed(file: String) throws {
        let whole = try bytes(file)
        #expect(refusal(vector(file), columns) == nil)
        for length in [1, 20, whole.count / 2, whole.count - 1] {
            let path = try fixture.file("cut-\(file)", Array(whole.prefix(length)))
            expectClear(refusal(path, columns), path, "\(length) bytes")
            #expect(refusal(path, columns)?.contains("cut short") == true)
        }
        var flipped = whole
        flipped[whole.count / 4] ^= 0x10
        let path = try fixture.file("flipped-\(file)", flipped)
        expectClear(refusal(path, columns), path, "a flipped bit")
        let empty = try fixture.file("empty-\(file)", "")
        #expect(refusal(empty, columns) == "\(empty) is cut short: its compressed data does not end")
    }
}
