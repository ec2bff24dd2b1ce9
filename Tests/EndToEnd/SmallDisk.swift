import Foundation
import Testing

/// A file system of a few megabytes in a folder, which can be filled up and emptied.
final class SmallDisk {
    /// Mounting takes a privilege that not everybody who runs tests has.
    static let isPossible: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return (try? SmallDisk(at: folder.path, megabytes: 1)) != nil
    }()

    struct NotPermitted: Error {}

    let path: String
    private var ballast: String { path + "/ballast" }

    init(at path: String, megabytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let mounted = try Tool.run(
            "mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=755", "maser-test", path])
        guard mounted.exitCode == 0 else { throw NotPermitted() }
    }

    deinit {
        // Lazily: a server may still be ending.
        _ = try? Tool.run("umount", ["--lazy", path])
    }

    func makeReadOnly() throws {
        guard try Tool.run("mount", ["-o", "remount,ro", path]).exitCode == 0 else { throw NotPermitted() }
    }

    func fill(leaving bytes: Int) throws {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
        let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
        FileManager.default.createFile(atPath: ballast, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: ballast))
        defer { try? file.close() }
        // Somebody else may take the room meanwhile: then it is full as well.
        try? file.write(contentsOf: Data(count: max(free - bytes, 0)))
    }

    func makeRoom() throws {
        try FileManager.default.removeItem(atPath: ballast)
    }
}
