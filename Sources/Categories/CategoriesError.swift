package import RocksDB

/// Why the log could not be appended to or read.
package struct CategoriesError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// Too much waits to be written; nothing of the append was taken.
        case overloaded
        /// The disk is full; nothing of the append is in the log, unless `mayHaveBeenWritten`.
        case diskFull
        /// The log was closed, or is being opened again after a failed write.
        case unavailable
        /// No such category.
        case notFound
        /// An offset before the first record that is kept, or beyond the end.
        case outOfRange
        /// An append that can never succeed: a bucket that the category has not, records that exceed all bounds.
        case invalidArgument
        /// The producer's epoch has ended.
        case fenced
        /// An append of a producer that is so far behind its others that nobody remembers whether it landed.
        case sequenceTooOld
        /// What is stored is not what was written.
        case corruption
        /// Another process has the log open.
        case inUse
        /// The log was written by a newer Maser.
        case newerFormat
        /// Any other failure of the disk below.
        case storage
    }

    package let code: Code
    package let message: String
    package let cause: RocksDBError?
    /// The write itself failed. What it left is taken away before anything else is written; but a server that is killed
    /// before that may find it.
    package internal(set) var mayHaveBeenWritten = false
    /// Of records that cannot be read, where it is known.
    package internal(set) var offsets: Range<Int64>?

    package init(_ code: Code, _ message: String, cause: RocksDBError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether the same call may succeed later.
    package var isRetriable: Bool {
        switch code {
        case .overloaded, .diskFull, .unavailable, .storage: true
        case .notFound, .outOfRange, .invalidArgument, .fenced, .sequenceTooOld, .corruption, .inUse, .newerFormat:
            false
        }
    }

    /// Nothing is wrong with the store: the one append is not to be, and others of its group are.
    var isRefusal: Bool {
        switch code {
        case .overloaded, .notFound, .invalidArgument, .fenced, .sequenceTooOld: true
        default: false
        }
    }

    package var description: String { message }
}

extension CategoriesError {
    /// A failure of the store below, met while doing something.
    init(storage error: RocksDBError, _ doing: String) {
        let code: Code =
            switch error.code {
            case .noSpace: .diskFull
            case .lockHeld: .inUse
            case .corruption: .corruption
            case .closed: .unavailable
            default: .storage
            }
        self.init(code, "\(doing): \(error.message)", cause: error)
    }

    static func corruption(_ category: UInt32, _ bucket: Int, _ offset: Int64, _ what: String) -> CategoriesError {
        CategoriesError(.corruption, "category \(category) bucket \(bucket) offset \(offset): \(what)")
    }
}
