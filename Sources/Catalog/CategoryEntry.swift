package import Records

/// A category as the catalog keeps it.
package struct CategoryEntry: Codable, Hashable, Sendable {
    /// Never reused.
    package var id: UInt32
    package var name: String
    package var bucketCount: Int
    /// It began with fewer buckets, so that records of one key may stand in two.
    package var hasGainedBuckets: Bool
    /// The field of a record whose value is the record's key, for the server to bucket by.
    package var bucketColumn: String?
    package var format: RecordFormat?
    package var retention: Retention?
    package var acknowledgement: Acknowledgement
    package var compression: Compression
    /// Of keys and values that clients append, a second; nil: as many as the disk takes.
    package var quotaBytesPerSecond: Int64?
    /// What fills an output category; nil for one that clients append to.
    package var output: OutputQuery?
    /// The app that fills it; nil for one without `output`, and for one that its app left.
    package var app: String?
    /// The statement that made it, as it was written.
    package var sql: String

    package init(
        id: UInt32, name: String, bucketCount: Int, bucketColumn: String? = nil, format: RecordFormat? = nil,
        retention: Retention? = nil, acknowledgement: Acknowledgement = .fsync, compression: Compression = .standard,
        quotaBytesPerSecond: Int64? = nil, output: OutputQuery? = nil, app: String? = nil, sql: String,
        hasGainedBuckets: Bool = false
    ) {
        self.id = id
        self.name = name
        self.bucketCount = bucketCount
        self.hasGainedBuckets = hasGainedBuckets
        self.bucketColumn = bucketColumn
        self.format = format
        self.retention = retention
        self.acknowledgement = acknowledgement
        self.compression = compression
        self.quotaBytesPerSecond = quotaBytesPerSecond
        self.output = output
        self.app = app
        self.sql = sql
    }
}

extension CategoryEntry {
    /// Entries of former Masers lack what came since.
    package init(from decoder: any Decoder) throws {
        let entry = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try entry.decode(UInt32.self, forKey: .id), name: try entry.decode(String.self, forKey: .name),
            bucketCount: try entry.decode(Int.self, forKey: .bucketCount),
            bucketColumn: try entry.decodeIfPresent(String.self, forKey: .bucketColumn),
            format: try entry.decodeIfPresent(RecordFormat.self, forKey: .format),
            retention: try entry.decodeIfPresent(Retention.self, forKey: .retention),
            acknowledgement: try entry.decodeIfPresent(Acknowledgement.self, forKey: .acknowledgement) ?? .fsync,
            compression: try entry.decodeIfPresent(Compression.self, forKey: .compression) ?? .standard,
            quotaBytesPerSecond: try entry.decodeIfPresent(Int64.self, forKey: .quotaBytesPerSecond),
            output: try entry.decodeIfPresent(OutputQuery.self, forKey: .output),
            app: try entry.decodeIfPresent(String.self, forKey: .app), sql: try entry.decode(String.self, forKey: .sql),
            hasGainedBuckets: try entry.decodeIfPresent(Bool.self, forKey: .hasGainedBuckets) ?? false)
    }

    /// The output category without its app, which is deleted or fills it no longer. What fills it stays with it, so that an app
    /// can go on with it.
    package func kept() -> CategoryEntry {
        var category = self
        category.app = nil
        return category
    }
}

/// When an append is answered. Readers see synced records only, whichever it is.
package enum Acknowledgement: String, Codable, Hashable, Sendable, CaseIterable {
    /// Once no power loss can take the records back.
    case fsync
    /// Once they are written: a power loss may take back what was acknowledged a moment ago.
    case written
}

/// Of the record batches that a category writes from now on; each says its own.
package enum Compression: String, Codable, Hashable, Sendable, CaseIterable {
    case zstd
    case lz4
    case none
}

extension Compression {
    /// Where nothing else is asked for. Of JSON events of 150 bytes LZ4 was measured to write 4.5 and to read 23 million a second on one
    /// core, into 51 bytes each; Zstandard at its level 1 writes 2.7 and reads 8.8 million, into 33.
    package static let standard = Compression.lz4
}

package struct Retention: Codable, Hashable, Sendable {
    package var microseconds: Int64?
    package var bytes: Int64?

    package init(microseconds: Int64? = nil, bytes: Int64? = nil) {
        self.microseconds = microseconds
        self.bytes = bytes
    }
}
