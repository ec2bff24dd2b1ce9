import BulkLoad
import Foundation
import Records
import Testing

@Suite("Maser with and without Arrow")
struct ArrowTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".arrow/include/arrow/api.h").path

    @Test("what tools/setup fetched is built in")
    func isBuiltIn() {
        #expect(ArrowFile.isAvailable || !FileManager.default.fileExists(atPath: Self.folder))
    }

    @Test(
        "a Maser without Arrow says so in one line, and what helps", .enabled(if: !ArrowFile.isAvailable),
        arguments: [("rows.parquet", "a Parquet file"), ("rows.orc", "an ORC file")])
    func saysSo(file: String, kind: String) {
        let path = vector(file)
        #expect(
            refusal(path, [("id", .int64)])
                == "\(path) is \(kind), and this maser was built without Arrow: run tools/setup and build it again")
    }
}
