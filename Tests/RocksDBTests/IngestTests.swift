import Foundation
import RocksDB
import Testing

@Suite struct IngestTests {
    let directory: TemporaryDirectory
    let database: Database
    let family: Family
    let options = FamilyOptions(mergeOperator: Joining(), bottomCompression: .zstd)

    init() throws {
        directory = try TemporaryDirectory()
        database = try openDatabase(at: directory.path + "/db")
        family = try database.createFamily("t1.v1", options: options)
    }

    private func makeFile(_ name: String, _ range: Range<Int>) throws -> String {
        let writer = try SSTWriter(path: directory.path + "/" + name, options: options)
        for i in range { try writer.put(bytes("\(i)"), bytes("row \(i)")) }
        let (entries, size) = try writer.finish()
        #expect(entries == range.count)
        #expect(size > 0)
        return writer.path
    }

    @Test(arguments: [true, false])
    func filesBecomeRowsOfAnEmptyFamily(moving: Bool) throws {
        let files = [try makeFile("1.sst", 100..<500), try makeFile("2.sst", 500..<1000)]
        try database.ingest(files, into: family, movingFiles: moving)
        #expect(try database.text("777", in: family) == "row 777")
        #expect(FileManager.default.fileExists(atPath: files[0]) == !moving)
        var batch = WriteBatch()
        batch.merge(bytes("777"), bytes("more"), in: family)
        try database.write(batch, sync: false)
        #expect(try database.text("777", in: family) == "row 777,more")
        try database.close()
        let reopened = try Database.open(at: directory.path + "/db", options: DatabaseOptions()) { _ in options }
        let found = try #require(reopened.family(named: "t1.v1"))
        #expect(try reopened.text("777", in: found) == "row 777,more")
        #expect(try reopened.text("100", in: found) == "row 100")
    }

    @Test func keysOutOfOrderAreRefused() throws {
        let writer = try SSTWriter(path: directory.path + "/1.sst", options: options)
        try writer.put(bytes("b"), bytes("1"))
        let error = #expect(throws: RocksDBError.self) { try writer.put(bytes("a"), bytes("1")) }
        #expect(error?.code == .invalidArgument)
        #expect(throws: RocksDBError.self) { try writer.put(bytes("b"), bytes("1")) }
    }

    @Test func aBrokenFileIsRefusedAndChangesNothing() throws {
        let path = directory.path + "/1.sst"
        try Data(repeating: 7, count: 4096).write(to: URL(filePath: path))
        let error = #expect(throws: RocksDBError.self) {
            try database.ingest([path], into: family, movingFiles: true)
        }
        #expect(error?.code == .corruption)
        #expect(try database.text("7", in: family) == nil)
    }

    @Test func aFileThatCannotBeMadeSaysWhere() throws {
        let error = #expect(throws: RocksDBError.self) {
            try SSTWriter(path: directory.path + "/absent/1.sst", options: options)
        }
        #expect(error?.code == .ioError)
        #expect(error?.message.contains("absent/1.sst") == true)
    }
}
