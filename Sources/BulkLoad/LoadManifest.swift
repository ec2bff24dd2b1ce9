internal import Bytes
package import Catalog
internal import Foundation

/// What a built version consists of and was built from (Protocols/manifest.md). It is written last, so that a folder with
/// a manifest holds a whole version.
package struct LoadManifest: Codable, Hashable, Sendable {
    package static let fileName = "manifest.json"
    package static let currentFormat = 2
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
    /// Of each column whose NULLs were counted: all of a table whose rows are stored as they are, none of one that aggregates.
    package var nulls: [ColumnNulls]
    /// A few rows to read back from the version before it serves.
    package var samples: [Sample]
    /// Rows of the sources that met others with the same key: they gave way to one of them, or were combined with them.
    package var duplicates: Int64
    /// Rows of the sources that a cut by event time leaves to the category.
    package var leftOut: Int64
    private var writtenCut: ManifestCut?
    /// Of the manifest itself, in its bytes only: a damaged cut would be as good as any other.
    private var xxh3 = Checksum(0)

    private enum CodingKeys: String, CodingKey {
        case format, table, shards, sources, nullText, files, rows, nulls, samples, duplicates, leftOut
        case writtenCut = "cut"
        case xxh3
    }

    /// Where the category of a table that has one goes on.
    package var cut: Cut? {
        get { writtenCut?.cut }
        set { writtenCut = newValue.map { ManifestCut($0) } }
    }

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
        /// Of each shard.
        package var rows: [Int64]
        /// Of each shard: keys and values, before they are compressed.
        package var bytes: [Int64]
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

    package struct ColumnNulls: Codable, Hashable, Sendable {
        package var column: String
        package var count: Int64
    }

    package struct Sample: Codable, Hashable, Sendable {
        /// The tuple, in hexadecimal.
        package var key: String
        /// Of the stored value.
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

    init(
        table: TableEntry, shardCount: Int, sources: [Source], nullText: String?, cut: Cut?, files: [File],
        shardRows: [Int64], shardBytes: [Int64], nulls: [ColumnNulls], samples: [Sample], duplicates: Int64,
        leftOut: Int64
    ) {
        format = Self.currentFormat
        self.table = Table(id: table.id, name: table.name, schemaRevision: table.schemaRevision)
        shards = Shards(
            count: shardCount, columns: table.shardColumnCount, hash: Self.shardHash, rows: shardRows,
            bytes: shardBytes)
        self.sources = sources
        self.nullText = nullText
        self.files = files
        rows = files.reduce(0) { $0 + $1.rows }
        self.nulls = nulls
        self.samples = samples
        self.duplicates = duplicates
        self.leftOut = leftOut
        writtenCut = cut.map { ManifestCut($0) }
    }
}

// MARK: Bytes

extension LoadManifest {
    /// With the checksum of these bytes, in which its own digits count as zeros.
    package func encoded() throws(BulkLoadError) -> [UInt8] {
        var manifest = self
        manifest.xxh3 = Checksum(0)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            var bytes = [UInt8](try encoder.encode(manifest))
            if let place = Self.place(of: manifest.xxh3, in: bytes) {
                bytes.replaceSubrange(place, with: Checksum(Bytes.xxh3(bytes)).description.utf8)
            }
            return bytes
        } catch {
            throw BulkLoadError(.storage, "the manifest cannot be written", cause: error)
        }
    }

    package init(decoding bytes: [UInt8]) throws(BulkLoadError) {
        let stated: Stated
        do {
            stated = try JSONDecoder().decode(Stated.self, from: Data(bytes))
        } catch {
            throw BulkLoadError(.wrongManifest, "the manifest cannot be read", cause: error)
        }
        guard stated.format == Self.currentFormat else {
            throw BulkLoadError(
                .wrongManifest, "the manifest has format \(stated.format); wanted is \(Self.currentFormat)")
        }
        guard let xxh3 = stated.xxh3, let place = Self.place(of: xxh3, in: bytes) else {
            throw BulkLoadError(.wrongManifest, "the manifest has no checksum of itself")
        }
        var blank = bytes
        blank.replaceSubrange(place, with: Checksum(0).description.utf8)
        guard Checksum(Bytes.xxh3(blank)) == xxh3 else {
            throw BulkLoadError(.corrupt, "the manifest is damaged: it is not what its checksum says")
        }
        do {
            self = try JSONDecoder().decode(LoadManifest.self, from: Data(bytes))
        } catch {
            throw BulkLoadError(.wrongManifest, "the manifest cannot be read", cause: error)
        }
        self.xxh3 = Checksum(0)
        guard writtenCut == nil || cut != nil else {
            throw BulkLoadError(.wrongManifest, "the manifest's cut is not whole")
        }
    }

    /// What every format has.
    private struct Stated: Decodable {
        var format: Int
        var xxh3: Checksum?
    }

    /// Its last digits of that value: fields are written in the order of their names.
    private static func place(of checksum: Checksum, in bytes: [UInt8]) -> Range<Int>? {
        let digits = Array(checksum.description.utf8)
        return stride(from: bytes.count - digits.count, through: 0, by: -1).first { start in
            bytes[start..<start + digits.count].elementsEqual(digits)
        }.map { $0..<$0 + digits.count }
    }
}

// MARK: Whether it fits

extension LoadManifest {
    /// Throws where the version was built for anything else than this table as it is now.
    package func check(against wanted: TableEntry, shardCount: Int) throws(BulkLoadError) {
        guard table.id == wanted.id else {
            throw BulkLoadError(
                .wrongManifest,
                "the load is for table \(table.name) with id \(table.id), which is not \(wanted.name) with id \(wanted.id)"
            )
        }
        guard table.schemaRevision == wanted.schemaRevision else {
            throw BulkLoadError(
                .wrongManifest,
                "the load was built for revision \(table.schemaRevision) of table \(wanted.name), which now has revision \(wanted.schemaRevision)"
            )
        }
        guard shards.count == shardCount, shards.columns == wanted.shardColumnCount, shards.hash == Self.shardHash
        else { throw BulkLoadError(.wrongManifest, "the load was built for another sharding of table \(wanted.name)") }
        guard samples.count <= SampledRows.greatestCount, files.allSatisfy({ $0.bytes > 0 && $0.rows > 0 }),
            Self.sum(files.map(\.rows)) == rows, Self.sum(files.map(\.bytes)) != nil,
            shards.rows.count == shardCount, shards.bytes.count == shardCount, Self.sum(shards.rows) == rows
        else {
            throw BulkLoadError(.wrongManifest, "the manifest's files do not add up to its \(rows) rows")
        }
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
}
