import BulkLoad
import Catalog
import Foundation
import Testing

/// A file system of a few megabytes, which can be filled up and emptied.
private final class SmallDisk: Sendable {
    static let isPossible = (try? SmallDisk(megabytes: 1)) != nil

    struct NotPermitted: Error {}

    let path: String
    private var ballast: String { path + "/ballast" }

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

    func fill(leaving bytes: Int) throws {
        let free = try FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? Int ?? 0
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: max(free - bytes, 0))))
    }

    func makeRoom() throws {
        try FileManager.default.removeItem(atPath: ballast)
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

/// A disk that fills while a version is built or taken in costs a line, and nothing that was finished.
@Suite(.enabled(if: SmallDisk.isPossible, "this user may not mount a file system"))
struct FullDiskTests {
    private static let rowCount = 6000

    /// Rows that no compression makes small: 9 MB.
    private static func source(_ fixture: LoadFixture) throws -> String {
        let source = try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom"))
        var text = "tailnum,year,speed,model,built\n"
        for row in 0..<rowCount {
            text += "N\(row),\(row),,\(try source.read(upToCount: 1125)?.base64EncodedString() ?? ""),\n"
        }
        return try fixture.file("planes.csv", text)
    }

    private static func builder(
        _ fixture: LoadFixture, on disk: SmallDisk, memoryBytes: Int
    ) throws -> VersionBuilder {
        VersionBuilder(
            descriptor: LoadDescriptor(table: LoadFixture.planes(), shardCount: 64),
            sources: try SourceFiles([source(fixture)]), folder: disk.path + "/work", memoryBytes: memoryBytes,
            fileBytes: 1 << 20)
    }

    private static func expectFull(_ builder: VersionBuilder) {
        #expect {
            _ = try builder.build()
        } throws: { error in
            let text = "\(error)"
            return (error as? BulkLoadError)?.code == .diskFull && !text.contains("\n")
                && text.hasPrefix("the disk of \(builder.folder) is full: make room")
        }
    }

    /// With when they were written.
    private static func files(_ builder: VersionBuilder, _ prefix: String) throws -> [String: Date] {
        let names = try FileManager.default.contentsOfDirectory(atPath: builder.folder).filter { $0.hasPrefix(prefix) }
        return try names.reduce(into: [:]) { dates, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(builder.folder)/\(name)")
            dates[name] = attributes[.modificationDate] as? Date
        }
    }

    @Test func whileRunsAreWritten() throws {
        let (fixture, disk) = (try LoadFixture(), try SmallDisk(megabytes: 64))
        let builder = try Self.builder(fixture, on: disk, memoryBytes: 1 << 20)
        try disk.fill(leaving: 5 << 20)
        for _ in 0..<2 {
            Self.expectFull(builder)
            let finished = try Self.files(builder, "run-")
            #expect(!finished.isEmpty)
        }
        try disk.makeRoom()
        let built = try builder.build()
        #expect(built.manifest.rows == Int64(Self.rowCount) && built.manifest.duplicates == 0)
    }

    @Test func whileFilesOfTheVersionAreWritten() throws {
        let (fixture, disk) = (try LoadFixture(), try SmallDisk(megabytes: 64))
        var builder = try Self.builder(fixture, on: disk, memoryBytes: 64 << 20)
        builder.step = { step throws(BulkLoadError) in
            if step == .rangesPlanned { try? disk.fill(leaving: 5 << 20) }
        }
        Self.expectFull(builder)
        let finished = try Self.files(builder, "r0")
        #expect(finished.count > 1)
        builder.step = { _ in }
        Self.expectFull(builder)
        try disk.makeRoom()
        let built = try builder.build()
        #expect(built.manifest.rows == Int64(Self.rowCount) && built.manifest.duplicates == 0)
        let all = try Self.files(builder, "r0")
        for (name, date) in finished { #expect(all[name] == date, "\(name) was made again") }
    }

    @Test func whileAnUploadIsTakenIn() throws {
        let (fixture, disk) = (try LoadFixture(), try SmallDisk(megabytes: 64))
        let built = try fixture.built([Self.source(fixture)])
        let server = try LoadServer("\(disk.path)/data")
        let before = try server.upload(built, chunk: 1 << 20, limit: 2)
        try disk.fill(leaving: 2 << 20)
        #expect {
            _ = try server.upload(built, chunk: 1 << 20)
        } throws: { ($0 as? BulkLoadError)?.code == .diskFull }
        let received = try server.begin(built).received.reduce(0, +)
        #expect(received > 2 << 20)
        #expect(server.catalog.snapshot.table(id: 7)?.versions.isEmpty == true)

        try disk.makeRoom()
        let load = try server.upload(built, chunk: 1 << 20)
        #expect(load == before)
        #expect(try server.adopt(load).rows == Int64(Self.rowCount))
        try server.close()
    }

    @Test func aLoadThatIsLargerThanTheDiskIsRefusedBeforeItBegins() throws {
        let (fixture, disk) = (try LoadFixture(), try SmallDisk(megabytes: 64))
        let built = try fixture.built([Self.source(fixture)])
        let server = try LoadServer("\(disk.path)/data")
        try disk.fill(leaving: 5 << 20)
        #expect {
            _ = try server.begin(built)
        } throws: { ($0 as? BulkLoadError)?.code == .diskFull }
        try disk.makeRoom()
        #expect(try server.load(built).rows == Int64(Self.rowCount))
        try server.close()
    }
}
