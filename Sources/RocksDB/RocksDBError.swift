internal import CRocksDB

/// What went wrong in RocksDB, in its own words.
///
/// An absent key is a value and never an error.
package struct RocksDBError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// What is stored is not what was written.
        case corruption
        case ioError
        /// The disk is full. The database takes no more writes until it is resumed or opened again.
        case noSpace
        /// Another process, or this one, has the database open.
        case lockHeld
        case invalidArgument
        /// Worth another try.
        case busy
        case familyDropped
        /// The database was closed before the call.
        case closed
        case other
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

extension RocksDBError.Code {
    init(_ code: maser_rocks_code) {
        self =
            switch code {
            case MASER_ROCKS_CORRUPTION: .corruption
            case MASER_ROCKS_IO_ERROR: .ioError
            case MASER_ROCKS_NO_SPACE: .noSpace
            case MASER_ROCKS_LOCK_HELD: .lockHeld
            case MASER_ROCKS_INVALID_ARGUMENT: .invalidArgument
            case MASER_ROCKS_BUSY: .busy
            case MASER_ROCKS_FAMILY_DROPPED: .familyDropped
            default: .other
            }
    }
}

extension maser_rocks_status {
    /// Throws where the status is not that all went well; takes the message over either way.
    func check() throws(RocksDBError) {
        if code == MASER_ROCKS_OK { return }
        let text = message.map { String(cString: $0) }
        maser_rocks_free(message)
        throw RocksDBError(RocksDBError.Code(code), text ?? "RocksDB gave no reason")
    }
}
