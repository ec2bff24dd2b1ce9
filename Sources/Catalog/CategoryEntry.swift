package import Records

/// A category as the catalog keeps it.
package struct CategoryEntry: Codable, Hashable, Sendable {
    /// Never reused.
    package var id: UInt32
    package var name: String
    package var bucketCount: Int
    /// The field of a record whose value is the record's key, for the server to bucket by.
    package var bucketColumn: String?
    package var format: RecordFormat?
    package var retention: Retention?
    /// The statement that made it, as it was written.
    package var sql: String

    package init(
        id: UInt32, name: String, bucketCount: Int, bucketColumn: String? = nil, format: RecordFormat? = nil,
        retention: Retention? = nil, sql: String
    ) {
        self.id = id
        self.name = name
        self.bucketCount = bucketCount
        self.bucketColumn = bucketColumn
        self.format = format
        self.retention = retention
        self.sql = sql
    }
}

package struct Retention: Codable, Hashable, Sendable {
    package var microseconds: Int64?
    package var bytes: Int64?

    package init(microseconds: Int64? = nil, bytes: Int64? = nil) {
        self.microseconds = microseconds
        self.bytes = bytes
    }
}
