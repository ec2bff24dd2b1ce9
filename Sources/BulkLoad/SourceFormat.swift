internal import Foundation

/// How the rows stand in a source file; its name says which.
enum SourceFormat: Hashable, Sendable {
    case csv
    case tsv
    /// One JSON object a line.
    case jsonLines

    init?(path: String) {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "csv": self = .csv
        case "tsv": self = .tsv
        case "json", "jsonl", "ndjson": self = .jsonLines
        default: return nil
        }
    }
}

/// The files that a load reads, in the order in which later rows win over earlier ones.
package struct SourceFiles: Sendable {
    package let paths: [String]
    /// Of all of them.
    package let bytes: Int64

    /// A folder stands for the files in it and below, by name; names that begin with a dot or an underscore are passed
    /// over, as batch systems do. `namesFormat`: each name's ending has to say how the rows stand in the file.
    package init(_ given: [String], namesFormat: Bool = true) throws(BulkLoadError) {
        var paths: [String] = []
        for path in given {
            if path == "-", !namesFormat {
                paths.append(path)
                continue
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw BulkLoadError(.unreadableSource, "there is no file \(path)")
            }
            guard isFolder.boolValue else {
                paths.append(path)
                continue
            }
            let found = try Self.files(below: path)
            if found.isEmpty { throw BulkLoadError(.unreadableSource, "the folder \(path) has no files to load") }
            paths += found
        }
        if paths.isEmpty { throw BulkLoadError(.unreadableSource, "no file to load is given") }
        for path in paths where namesFormat && SourceFormat(path: path) == nil {
            throw BulkLoadError(
                .unreadableSource, "\(path) is of no known format: .csv, .tsv, .json, .jsonl and .ndjson are")
        }
        self.paths = paths
        bytes = paths.reduce(0) { $0 + Self.size(of: $1) }
    }

    private static func size(of path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }

    private static func files(below folder: String) throws(BulkLoadError) -> [String] {
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
        }.sorted().map { "\(folder)/\($0)" }
    }
}
