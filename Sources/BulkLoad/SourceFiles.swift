internal import Foundation

/// One file of a load.
package struct SourceFile: Hashable, Sendable {
    package var path: String
    /// As it stands below the folder that was given: what tells it apart from the others of the load.
    package var name: String
    package var bytes: Int64
    /// What the folders around it say of its rows.
    package var folderValues: [FolderValue]

    package init(path: String, name: String? = nil) {
        self.path = path
        self.name = name ?? URL(fileURLWithPath: path).lastPathComponent
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        bytes = (attributes?[.size] as? NSNumber)?.int64Value ?? 0
        folderValues = FolderValue.all(in: path)
    }
}

/// The files that a load reads, in the order in which later rows win over earlier ones.
package struct SourceFiles: Sendable {
    package let files: [SourceFile]
    /// Of all of them.
    package let bytes: Int64

    package var paths: [String] { files.map(\.path) }

    /// A folder stands for the files in it and below, by name; names that begin with a dot or an underscore are passed
    /// over, as batch systems do. A path with `*`, `?`, `[...]` or `{a,b}` that is no file stands for all that match it, by
    /// name. A file that is given more than once, as by folders and patterns that overlap, is read once, where it comes last: its
    /// rows count once, and win as they would. `namesFormat`: each file has to say by its name's ending how the rows stand in it.
    package init(_ given: [String], namesFormat: Bool = true) throws(BulkLoadError) {
        var files: [SourceFile] = []
        for path in given {
            if path == "-", !namesFormat {
                files.append(SourceFile(path: path))
                continue
            }
            for path in try Self.matches(path) { files += try Self.files(at: path) }
        }
        if files.isEmpty { throw BulkLoadError(.unreadableSource, "no file to load is given") }
        for file in files where namesFormat && SourceFormat(path: file.path) == nil {
            throw BulkLoadError(
                .unreadableSource, "\(file.path) is of no known format: \(SourceFormat.endings) are")
        }
        self.files = Self.once(files)
        bytes = self.files.reduce(0) { $0 + $1.bytes }
    }

    /// The same file in another folder of a Hive layout has other rows.
    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
        var folderValues: [FolderValue]
    }

    private static func once(_ files: [SourceFile]) -> [SourceFile] {
        var seen: Set<Identity> = []
        return files.reversed().filter { file in
            var status = stat()
            // Reading it says what is wrong with it.
            guard stat(file.path, &status) == 0 else { return true }
            let identity = Identity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), folderValues: file.folderValues)
            return seen.insert(identity).inserted
        }.reversed()
    }

    private static func files(at path: String) throws(BulkLoadError) -> [SourceFile] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw BulkLoadError(.unreadableSource, "there is no file \(path)")
        }
        guard isFolder.boolValue else { return [SourceFile(path: path)] }
        let found = try files(below: path)
        if found.isEmpty { throw BulkLoadError(.unreadableSource, "the folder \(path) has no files to load") }
        return found
    }

    private static func files(below folder: String) throws(BulkLoadError) -> [SourceFile] {
        let names: [String]
        do {
            names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        } catch {
            throw BulkLoadError(.unreadableSource, "reading the folder \(folder) failed", cause: error)
        }
        return names.filter { name in
            let parts = name.split(separator: "/")
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
            return !isFolder.boolValue && !parts.contains { $0.hasPrefix(".") || $0.hasPrefix("_") }
        }.sorted().map { SourceFile(path: "\(folder)/\($0)", name: $0) }
    }

    /// A file that is there is meant, whatever its name has in it.
    private static func matches(_ path: String) throws(BulkLoadError) -> [String] {
        if !path.contains(where: { "*?[{".contains($0) }) || FileManager.default.fileExists(atPath: path) {
            return [path]
        }
        var found = glob_t()
        defer { globfree(&found) }
        let result = glob(path, GLOB_BRACE, nil, &found)
        guard result == 0, let names = found.gl_pathv else {
            if result == 0 || result == GLOB_NOMATCH {
                throw BulkLoadError(.unreadableSource, "no file matches \(path)")
            }
            throw BulkLoadError(.unreadableSource, "looking for \(path) failed")
        }
        return (0..<Int(found.gl_pathc)).compactMap { names[$0].map { String(cString: $0) } }
    }
}
