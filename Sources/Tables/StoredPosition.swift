/// How far one bucket of a category has been applied to a sink.
package struct StoredPosition: Hashable, Sendable {
    package var sink: SinkID
    package var category: UInt32
    package var bucket: Int
    /// Of the next record to apply.
    package var offset: Int64
    /// When the last applied record was appended, microseconds since 1970; 0 where none was.
    package var appendTime: Int64

    package init(sink: SinkID, category: UInt32, bucket: Int, offset: Int64, appendTime: Int64) {
        self.sink = sink
        self.category = category
        self.bucket = bucket
        self.offset = offset
        self.appendTime = appendTime
    }

    package init(table: UInt32, version: UInt32, category: UInt32, bucket: Int, offset: Int64, appendTime: Int64) {
        self.init(
            sink: .table(VersionID(table: table, version: version)), category: category, bucket: bucket,
            offset: offset, appendTime: appendTime)
    }

    package var key: PositionKey { PositionKey(category: category, bucket: bucket) }
}

/// What records are applied to, and what therefore has positions of its own.
package enum SinkID: Hashable, Sendable {
    case table(VersionID)
    /// An output category that takes records; one of panes goes by the positions of its table.
    case category(UInt32)

    var versionID: VersionID? {
        if case .table(let id) = self { id } else { nil }
    }
}

/// One input of a sink.
package struct PositionKey: Hashable, Sendable {
    package var category: UInt32
    package var bucket: Int

    package init(category: UInt32, bucket: Int) {
        self.category = category
        self.bucket = bucket
    }
}

/// One generation of one table's data.
package struct VersionID: Hashable, Sendable {
    package var table: UInt32
    package var version: UInt32

    package init(table: UInt32, version: UInt32) {
        self.table = table
        self.version = version
    }
}
