internal import Bytes
internal import Catalog
internal import Foundation
internal import Synchronization

// The journal stands beside the files of a build and says what of it is done, a line each: 16 digits of checksum, a space, JSON.
// A file counts once its line is there, whole; a line that is not ends the journal, and files without a line are thrown
// away. So a build that is killed goes on with what was finished, and a power loss only makes it begin earlier.

/// What a build is of: another build does not go on with its files.
struct BuildIdentity: Codable, Hashable, Sendable {
    static let currentFormat = 2

    struct Source: Codable, Hashable, Sendable {
        var path: String
        var bytes: Int64
        var modifiedNanoseconds: Int64
    }

    var format = BuildIdentity.currentFormat
    /// Of what in it decides rows.
    var descriptor: Checksum
    var sources: [Source]
    /// XXH3 of all that was said about how to read them.
    var options: Checksum
    var cut: Cut?
    /// Of the rows that are joined.
    var joined: [LoadManifest.Source]
    var fileBytes: Int
}

/// One line of a journal: one of these.
enum JournalLine: Codable, Sendable {
    case build(BuildIdentity)
    case source(number: Int, LoadManifest.Source)
    case run(RunRecord)
    case ranges([ShardRange])
    case range(RangeRecord)
}

/// A run that is finished.
struct RunRecord: Codable, Hashable, Sendable {
    var name: String
    /// 0 for one that came from memory; a merge of runs has one more than they.
    var level: Int
    /// Runs whose rows it has, and which go.
    var replaces: [String]
    var sections: [RunSection]
    /// What source rows it holds.
    var covered: [RowRange]
    var tally: RowTally

    var bytes: Int64 { sections.last.map { $0.offset + $0.bytes } ?? 0 }
}

/// Shards whose rows are written into files together.
struct ShardRange: Codable, Hashable, Sendable {
    var first: Int
    var last: Int
}

/// A range of shards whose files are finished.
struct RangeRecord: Codable, Hashable, Sendable {
    var number: Int
    var files: [LoadManifest.File]
    var shardRows: [Int64]
    var shardBytes: [Int64]
    var samples: [LoadManifest.Sample]
    /// Of its rows, for each column; empty where nobody counts.
    var nulls: [Int64]
}

final class BuildJournal: Sendable {
    static let name = "journal"

    let folder: String
    private let file: Mutex<OutputFile>
    /// What was there when it was opened.
    let found: [JournalLine]

    /// Goes on with the journal in the folder, where that is of the same build; else begins it, in a folder that is made empty.
    init(_ work: WorkFolder, _ identity: BuildIdentity) throws(BulkLoadError) {
        folder = work.path
        let path = "\(work.path)/\(Self.name)"
        let read = Self.read(path)
        if case .build(identity)? = read.lines.first {
            found = read.lines
            file = Mutex(try OutputFile(appendingTo: path, at: read.bytes))
            return
        }
        found = []
        try work.clear()
        file = Mutex(try OutputFile(path: path))
        try append(.build(identity))
    }

    func append(_ line: JournalLine) throws(BulkLoadError) {
        let text: Data
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            text = try encoder.encode(line)
        } catch {
            throw BulkLoadError(.storage, "a line of \(folder)/\(Self.name) cannot be written", cause: error)
        }
        let bytes = Array("\(Checksum(xxh3([UInt8](text)))) ".utf8) + [UInt8](text) + [UInt8(ascii: "\n")]
        try file.withLock { file throws(BulkLoadError) in
            try file.append(bytes)
            try file.finish()
        }
    }

    /// The files that count as finished, by the lines that are there.
    static func fileNames(in work: WorkFolder) -> Set<String> {
        var names: Set<String> = []
        for line in read("\(work.path)/\(name)").lines {
            switch line {
            case .build, .source, .ranges: break
            case .run(let run): names = names.subtracting(run.replaces).union([run.name])
            case .range(let range): names.formUnion(range.files.map(\.name))
            }
        }
        return names
    }

    /// The lines that are whole, and the bytes that they take.
    private static func read(_ path: String) -> (lines: [JournalLine], bytes: Int64) {
        guard let bytes = FileManager.default.contents(atPath: path).map({ [UInt8]($0) }) else { return ([], 0) }
        var lines: [JournalLine] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")), let line = line(bytes[start..<end]) {
            lines.append(line)
            start = end + 1
        }
        return (lines, Int64(start))
    }

    private static func line(_ bytes: ArraySlice<UInt8>) -> JournalLine? {
        let digits = bytes.prefix(Checksum.digitCount)
        let text = [UInt8](bytes.dropFirst(Checksum.digitCount + 1))
        guard String(decoding: digits, as: UTF8.self) == Checksum(xxh3(text)).description else { return nil }
        return try? JSONDecoder().decode(JournalLine.self, from: Data(text))
    }
}
