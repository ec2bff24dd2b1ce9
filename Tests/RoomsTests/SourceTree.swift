import Foundation

/// The files that the checks read, in memory, so that a check can be shown a made-up tree as well.
struct SourceTree {
    /// Text by path from the top, such as `Sources/Bytes/ByteReader.swift`.
    var files: [String: String]
    var topLevel: [String]

    init(files: [String: String]) {
        self.files = files
        topLevel = Set(files.keys.map { String($0.prefix { $0 != "/" }) }).sorted()
    }

    /// The tree that this test was built from.
    init(readingFrom top: URL) throws {
        var files: [String: String] = [:]
        for folder in ["Sources", "Tests"] {
            try Self.read(folder, below: top, into: &files)
        }
        self.files = files
        topLevel = try FileManager.default.contentsOfDirectory(atPath: top.path).sorted()
    }

    private static func read(_ path: String, below top: URL, into files: inout [String: String]) throws {
        let url = top.appendingPathComponent(path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return }
        if isFolder.boolValue {
            for name in try FileManager.default.contentsOfDirectory(atPath: url.path) {
                try read("\(path)/\(name)", below: top, into: &files)
            }
        } else {
            files[path] = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        }
    }

    /// Names of the folders right below `Sources`.
    var rooms: Set<String> {
        var rooms: Set<String> = []
        for path in files.keys {
            let parts = path.split(separator: "/")
            if parts.count > 2, parts[0] == "Sources" { rooms.insert(String(parts[1])) }
        }
        return rooms
    }

    /// Swift files whose path begins with one of `folders`, in a stable order.
    func swiftFiles(in folders: String...) -> [SwiftFile] {
        files.filter { path, _ in path.hasSuffix(".swift") && folders.contains { path.hasPrefix("\($0)/") } }
            .sorted { $0.key < $1.key }
            .map { SwiftFile(path: $0.key, text: $0.value) }
    }
}

struct SwiftFile {
    var path: String
    var lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
    }

    /// Written by protoc, and nobody's to read.
    var isGenerated: Bool { path.hasSuffix(".pb.swift") }

    /// The room of a file in `Sources/ROOM/`.
    var room: String { String(path.split(separator: "/")[1]) }

    var imports: [(module: String, line: Int)] {
        // Regular expressions are slow in a debug build: few lines get that far.
        lines.enumerated().filter { $0.element.contains("import ") }.flatMap { index, line in
            line.split(separator: ";").compactMap { statement in
                Self.importedModule(statement).map { ($0, index + 1) }
            }
        }
    }

    /// `package import struct Foundation.URL` imports Foundation; nil where the statement imports nothing.
    private static func importedModule(_ statement: Substring) -> String? {
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let|actor)\s+)?(\w+)/
        return statement.prefixMatch(of: pattern).map { String($0.output.1) }
    }
}
