internal import Foundation

/// What a built version consists of and was built from (Protocols/manifest.md). It is written last, so that a folder with
/// a manifest holds a whole version.
package struct LoadManifest: Codable, Hashable, Sendable {
    package static let fileName = "manifest.json"
    package static let currentFormat = 1
    package static let shardHash = "XXH3-64"

    package var format: Int
    package var table: Table
    package var shards: Shards
    package var sources: [Source]
    /// What stood for NULL in CSV and TSV besides nothing.
    package var nullText: String?
    /// By ascending keys; they do not overlap.
    package var files: [File]
    package var rows: Int64
    /// A few rows to read back from the version before it serves.
    package var samples: [Sample]
    /// Rows of the sources that a later row with the same key replaced.
    package var duplicates: Int64

    package struct Table: Codable, Hashable, Sendable {
        package var id: UInt32
        package var name: String
        package var schemaRevision: UInt32
    }

    package struct Shards: Codable, Hashable, Sendable {
        package var count: Int
        /// How many leading key columns the hash takes.
        package var columns: Int
        package var hash: String
    }

    package struct Source: Codable, Hashable, Sendable {
        package var name: String
        package var bytes: Int64
        package var xxh3: Checksum
        package var rows: Int64
    }

    package struct File: Codable, Hashable, Sendable {
        package var name: String
        package var bytes: Int64
        package var rows: Int64
        package var xxh3: Checksum
        package var firstShard: Int
        package var lastShard: Int
    }

    package struct Sample: Codable, Hashable, Sendable {
        /// The tuple, in hexadecimal.
        package var key: String
        /// Of the row's message as a lookup answers it.
        package var xxh3: Checksum

        init(key: UnsafeRawBufferPointer, xxh3: Checksum) {
            self.key = key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            self.xxh3 = xxh3
        }

        var keyBytes: [UInt8]? {
            let digits = key.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
            let nibbles = digits.compactMap { $0 }
            return stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
        }
    }

    package var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }

    func encoded() throws(BulkLoadError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            throw BulkLoadError(.storage, "the manifest cannot be written", cause: error)
        }
    }

    package init(decoding bytes: [UInt8]) throws(BulkLoadError) {
        do {
            self = try JSONDecoder().decode(LoadManifest.self, from: Data(bytes))
        } catch {
            throw BulkLoadError(.wrongManifest, "the manifest cannot be read", cause: error)
        }
        guard format == Self.currentFormat else {
            throw BulkLoadError(.wrongManifest, "the manifest has format \(format); wanted is \(Self.currentFormat)")
        }
    }

    init(
        shape: TableShape, sources: [Source], nullText: String?, files: [File], samples: [Sample], duplicates: Int64
    ) {
        format = Self.currentFormat
        table = Table(id: shape.id, name: shape.name, schemaRevision: shape.schemaRevision)
        shards = Shards(count: shape.shardCount, columns: shape.shardColumnCount, hash: Self.shardHash)
        self.sources = sources
        self.nullText = nullText
        self.files = files
        rows = files.reduce(0) { $0 + $1.rows }
        self.samples = samples
        self.duplicates = duplicates
    }

    /// nil beyond 64 bits: a manifest comes from somebody else, and its numbers can be anything.
    private static func sum(_ numbers: [Int64]) -> Int64? {
        var sum: Int64 = 0
        for number in numbers {
            let (next, overflows) = sum.addingReportingOverflow(number)
            if overflows { return nil }
            sum = next
        }
        return sum
    }

    /// Throws where the version was built for anything else than this table as it is now.
    package func check(against shape: TableShape) throws(BulkLoadError) {
        guard table.id == shape.id else {
            throw BulkLoadError(
                .wrongManifest,
                "the load is for table \(table.name) with id \(table.id), which is not \(shape.name) with id \(shape.id)"
            )
        }
        guard table.schemaRevision == shape.schemaRevision else {
            throw BulkLoadError(
                .wrongManifest,
                "the load was built for revision \(table.schemaRevision) of table \(shape.name), which now has revision \(shape.schemaRevision)"
            )
        }
        guard shards.count == shape.shardCount, shards.columns == shape.shardColumnCount, shards.hash == Self.shardHash
        else { throw BulkLoadError(.wrongManifest, "the load was built for another sharding of table \(shape.name)") }
        guard samples.count <= SampledRows.greatestCount, files.allSatisfy({ $0.bytes > 0 && $0.rows > 0 }),
            Self.sum(files.map(\.rows)) == rows, Self.sum(files.map(\.bytes)) != nil
        else {
            throw BulkLoadError(.wrongManifest, "the manifest's files do not add up to its \(rows) rows")
        }
    }
}

/// XXH3-64 as 16 hexadecimal digits: JSON has no integers of 64 bits that every reader keeps.
package struct Checksum: Codable, Hashable, Sendable, CustomStringConvertible {
    package var value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no checksum")
        }
        self.value = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
