internal import RocksDB

/// Why a load was refused or failed.
package struct BulkLoadError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A source file that cannot be read, or is of no format that a load knows.
        case unreadableSource
        /// A source file that does not fit the table: `place` says where.
        case malformedSource
        /// The manifest is no manifest, or belongs to another table, revision or sharding.
        case wrongManifest
        /// A file is not what its manifest says.
        case corrupt
        /// There is no such load, or no such file in it.
        case notFound
        /// A chunk that does not continue what was received.
        case wrongOffset
        /// What tables compute fits neither their input nor what they join.
        case wrongPlan
        /// The manifest was adopted before.
        case adoptedAlready
        /// Another load is at work there, or there are too many.
        case busy
        case diskFull
        /// Somebody ended it; what is finished stays.
        case interrupted
        /// Any other failure of a disk.
        case storage
    }

    package let code: Code
    package let message: String
    /// In a source file.
    package let place: SourcePlace?
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, place: SourcePlace? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.cause = cause
    }

    package var description: String {
        guard let place else { return message }
        return "\(place): \(message)"
    }
}

/// Where in a source file, as compilers say it: `planes.csv:17:4`; in one without lines `planes.parquet, row 16`.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1; a row's number where `countsRows`.
    package var line: Int
    /// In characters from 1; nil where the line as a whole is meant.
    package var column: Int?
    package var countsRows = false

    package init(file: String, line: Int, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `row` is from 1.
    package init(file: String, row: Int) {
        self.init(file: file, line: row)
        countsRows = true
    }

    package var description: String {
        if countsRows { return "\(file), row \(line)" }
        return "\(file):\(line)" + (column.map { ":\($0)" } ?? "")
    }
}

extension BulkLoadError {
    init(storage error: RocksDBError, _ doing: String) {
        self.init(error.code == .noSpace ? .diskFull : .storage, "\(doing): \(error.message)", cause: error)
    }
}
