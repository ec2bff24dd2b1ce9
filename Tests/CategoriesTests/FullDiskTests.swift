import Catalog
import Categories
import Foundation
import Records
import Testing

/// A file system of a few megabytes.
private final class SmallDisk {
    static let isPossible = (try? SmallDisk(megabytes: 1)) != nil

    struct NotPermitted: Error {}

    let path: String

    init(megabytes: Int) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "maser-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        guard run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "maser-test", path) else {
            throw NotPermitted()
        }
    }

    deinit {
        _ = run("/bin/umount", path)
        try? FileManager.default.removeItem(atPath: path)
    }

    var freeBytes: Int {
        get throws {
            try FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? Int ?? 0
        }
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
    func aFullDiskRefusesAppendsAndTheLogGoesOnWhenThereIsRoom() throws {
        let disk = try SmallDisk(megabytes: 64)
        let fixture = try LogFixture()
        let clicks = LogFixture.clicks
        var store = try fixture.open(disk.path + "/log")
        try store.append([records(0, ["first"])], to: clicks)
        let ballast = disk.path + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: try disk.freeBytes - (1 << 20))))

        var acknowledged = 1
        var failures = 0
        let value = (0..<64 << 10).map { _ in UInt8.random(in: 0...255) }
        for _ in 0..<400 where failures < 3 {
            do {
                try store.append([BucketRecords(bucket: 0, records: [NewRecord(value: value)])], to: clicks)
                acknowledged += 1
            } catch let error as CategoriesError {
                failures += 1
                #expect(error.code == .diskFull, "\(error)")
            }
        }
        #expect(failures == 3)
        #expect(store.end(category: clicks.id, bucket: 0) == Int64(acknowledged))

        try FileManager.default.removeItem(atPath: ballast)
        #expect(try store.append([records(0, ["after"])], to: clicks).map(\.start) == [Int64(acknowledged)])
        for _ in 0..<2 {
            let read = try store.read(
                category: clicks.id, bucket: 0, from: 0, maximumRecords: .max, maximumBytes: .max)
            #expect(read.count == acknowledged + 1)
            #expect(Array(read.values[acknowledged]) == Array("after".utf8))
            store.close()
            store = try fixture.open(disk.path + "/log")
        }
        store.close()
    }
}
