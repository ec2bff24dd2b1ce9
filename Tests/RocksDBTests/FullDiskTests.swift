import Foundation
import RocksDB
import Testing

/// A file system of a few megabytes; nil where this user may not mount one.
private final class SmallDisk {
    static let isPossible = (try? SmallDisk(megabytes: 1)) != nil

    let directory: TemporaryDirectory

    init?(megabytes: Int) throws {
        directory = try TemporaryDirectory()
        guard run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "maser-test", directory.path) else {
            return nil
        }
    }

    deinit {
        _ = run("/bin/umount", directory.path)
    }
}

private func run(_ path: String, _ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}

@Suite struct FullDiskTests {
    @Test(.enabled(if: SmallDisk.isPossible, "this user may not mount a file system"))
    func aFullDiskIsNamedAndTheDatabaseGoesOnWhenThereIsRoom() throws {
        let disk = try #require(try SmallDisk(megabytes: 48))
        let path = disk.directory.path + "/db"
        let ballast = disk.directory.path + "/ballast"
        let options = FamilyOptions(compression: .none, memtableBytes: 1 << 20)
        var database = try openDatabase(at: path, familyOptions: options)
        try database.put(["before": "kept"], in: defaultFamily(database), sync: true)
        let free = try FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? Int ?? 0
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: free - (2 << 20))))
        var failure: RocksDBError?
        for i in 0..<200 where failure == nil {
            do {
                try database.put(["row\(i)": String(repeating: "x", count: 256 << 10)], in: defaultFamily(database))
            } catch let error as RocksDBError {
                failure = error
            }
        }
        #expect(failure?.code == .noSpace)
        #expect(failure?.message.contains("No space left on device") == true)
        let family = try defaultFamily(database)
        #expect(throws: RocksDBError.self) { try database.put(["a": "1"], in: family) }

        try FileManager.default.removeItem(atPath: ballast)
        try? database.close()
        database = try openDatabase(at: path, familyOptions: options)
        #expect(try database.text("before", in: defaultFamily(database)) == "kept")
        #expect(try database.text("row0", in: defaultFamily(database)) != nil)
        try database.put(["after": "kept"], in: defaultFamily(database), sync: true)
        #expect(try database.text("after", in: defaultFamily(database)) == "kept")
        try database.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "this user may not mount a file system"))
    func aFileThatDoesNotFitIsNamed() throws {
        let disk = try #require(try SmallDisk(megabytes: 4))
        let path = disk.directory.path + "/1.sst"
        let value = [UInt8](repeating: 1, count: 64 << 10)
        let error = #expect(throws: RocksDBError.self) {
            let writer = try SSTWriter(path: path, options: FamilyOptions(compression: .none))
            for i in 100..<300 { try writer.put(bytes("\(i)"), value) }
            _ = try writer.finish()
        }
        #expect(error?.code == .noSpace)
    }
}
