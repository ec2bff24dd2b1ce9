internal import Bytes
internal import RocksDB

/// Why the table store refused or failed. A row that is not there is a value and no error.
package struct TablesError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A key or a bound that does not fit the table's key columns.
        case wrongKey
        /// A continuation that does not belong to the scan that it came with.
        case wrongContinuation
        /// Something that this table cannot do, such as a fold without panes.
        case unsupported
        /// More than one request may ask for.
        case limitExceeded
        /// No such table or version is in the store.
        case notFound
        /// A version that a request insists on was dropped: it may begin anew on the one that serves.
        case versionGone
        /// The version is there already, or holds rows already.
        case alreadyExists
        /// What is stored is not what was written.
        case corruption
        /// The disk is full.
        case diskFull
        /// Another process has the data folder open.
        case inUse
        /// The data folder was written by a newer Maser.
        case newerFormat
        /// A write failed before: `recover` has to be called, and positions to be read again.
        case needsRecovery
        /// The store was recovered since the checkpoint's positions were read: they have to be read again.
        case staleGeneration
        /// The store is closed, or is being opened again.
        case unavailable
        /// Any other failure of the disk below.
        case storage
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { message }
}

extension TablesError {
    /// A failure of the store below, met while doing something.
    init(storage error: RocksDBError, _ doing: String) {
        let code: Code =
            switch error.code {
            case .corruption: .corruption
            case .noSpace: .diskFull
            case .lockHeld: .inUse
            case .closed: .unavailable
            default: .storage
            }
        self.init(code, "\(doing): \(error.message)", cause: error)
    }

    /// What a closure that can only throw these handed on.
    init(thrown error: any Error, _ doing: String) {
        switch error {
        case let error as TablesError: self = error
        case let error as RocksDBError: self.init(storage: error, doing)
        default: self.init(.storage, "\(doing): \(error)", cause: error)
        }
    }

    static func corruptRow(of table: String, _ error: BytesError? = nil) -> TablesError {
        let reason = error.map { ": \($0.message)" } ?? ""
        return TablesError(.corruption, "a stored row of table \(table) cannot be read\(reason)", cause: error)
    }
}
