internal import RocksDB

/// Why the catalog could not be opened or changed.
package struct CatalogError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// Another entry of the same kind has the name.
        case nameTaken
        /// A setting that no catalog can have.
        case invalidArgument
        /// The data folder was written by a newer Maser.
        case newerFormat
        /// Another process has the data folder open.
        case inUse
        /// The disk is full.
        case diskFull
        /// What is stored is not what was written.
        case corruption
        /// A write failed, and whether it happened cannot be read back yet: `settled` says once it can.
        case undecided
        /// The catalog was closed.
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

extension CatalogError {
    /// A failure of the store below, met while doing something.
    init(storage error: RocksDBError, _ doing: String) {
        let code: Code =
            switch error.code {
            case .noSpace: .diskFull
            case .lockHeld: .inUse
            case .corruption: .corruption
            default: .storage
            }
        self.init(code, "\(doing): \(error.message)", cause: error)
    }
}
