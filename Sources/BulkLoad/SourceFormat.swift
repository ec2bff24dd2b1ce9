internal import Foundation

/// How the rows stand in a source file, and what is around them; the file's name says it: `part-0.csv.gz`.
struct SourceFormat: Hashable, Sendable {
    enum Rows: Hashable, Sendable {
        case csv
        case tsv
        /// One JSON object a line.
        case jsonLines
        case parquet
        case orc

        /// Columns with types of their own, which Arrow reads.
        var isColumnar: Bool { self == .parquet || self == .orc }
    }

    var rows: Rows
    var compression: SourceCompression?

    static let endings = ".csv, .tsv, .json, .jsonl and .ndjson (also with .gz or .zst after it), .parquet and .orc"

    init?(path: String) {
        compression = SourceCompression(path: path)
        var url = URL(fileURLWithPath: path)
        if compression != nil { url.deletePathExtension() }
        switch url.pathExtension.lowercased() {
        case "csv": rows = .csv
        case "tsv": rows = .tsv
        case "json", "jsonl", "ndjson": rows = .jsonLines
        case "parquet" where compression == nil: rows = .parquet
        case "orc" where compression == nil: rows = .orc
        default:
            // Hive and its kin write files without an ending: 000000_0.
            guard compression == nil, let columnar = Self.columnar(path: path) else { return nil }
            rows = columnar
        }
    }

    /// By the first bytes: files of columns have a name there.
    static func columnar(path: String) -> Rows? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let start = try? file.read(upToCount: 4) else { return nil }
        if start.starts(with: Array("PAR1".utf8)) { return .parquet }
        return start.starts(with: Array("ORC".utf8)) ? .orc : nil
    }
}

/// What a file of text went through.
enum SourceCompression: Hashable, Sendable {
    case gzip
    case zstd

    init?(path: String) {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "gz", "gzip": self = .gzip
        case "zst", "zstd": self = .zstd
        default: return nil
        }
    }
}
