import Foundation
import Testing

@testable import maser

@Suite("Lines of a file")
struct LineReaderTests {
    /// The batches that a file of this text is read in.
    private func batches(_ text: String, lines: Int = 100, bytes: Int = 1 << 20) throws -> [[String]] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lines-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        var reader = try LineReader(path: path)
        var batches: [[String]] = []
        while true {
            let batch = try reader.next(maximumLines: lines, maximumBytes: bytes)
            if batch.isEmpty { return batches }
            batches.append(batch.map { String(decoding: $0, as: UTF8.self) })
        }
    }

    @Test("the last line needs no end, and empty lines and carriage returns are no part of any")
    func linesAreSplit() throws {
        #expect(try batches("one\r\ntwo\n\n\r\nthree") == [["one", "two", "three"]])
        #expect(try batches("one\n") == [["one"]])
        #expect(try batches("") == [])
        #expect(try batches("\n\n\n") == [])
    }

    @Test("a batch ends at its lines or its bytes, and the next goes on from there")
    func batchesAreBounded() throws {
        #expect(try batches("1\n2\n3\n4\n5\n", lines: 2) == [["1", "2"], ["3", "4"], ["5"]])
        #expect(try batches("11\n22\n33\n", bytes: 3) == [["11", "22"], ["33"]])
    }

    @Test("a line longer than what is read at once comes whole")
    func longLinesComeWhole() throws {
        let long = String(repeating: "x", count: 700_000)
        #expect(try batches("a\n\(long)\nb", bytes: 10) == [["a", long], ["b"]])
    }

    @Test("a file that cannot be read is named")
    func missingFileIsNamed() {
        #expect(throws: CommandError("cannot read /no/such/file: No such file or directory")) {
            _ = try LineReader(path: "/no/such/file")
        }
    }
}
