internal import BulkLoad
internal import Bytes
internal import Catalog
internal import Categories
internal import RPC
internal import SQL
internal import SwiftProtobuf
internal import Tables

extension RPCError {
    static func noTable(_ name: String) -> RPCError {
        RPCError(.notFound, "there is no table \(name); `maser tables` lists those there are")
    }

    static func noCategory(_ name: String) -> RPCError {
        RPCError(.notFound, "there is no category \(name); a deploy makes one with CREATE CATEGORY")
    }

    static func noApp(_ name: String) -> RPCError {
        RPCError(.notFound, "there is no app \(name); `maser apps` lists those there are")
    }

    /// What any room's failure is to a client.
    init(_ error: any Error) {
        switch error {
        case let error as RPCError: self = error
        case let error as TablesError: self.init(error.errorCode, error.line, cause: error)
        case let error as CategoriesError: self.init(error.errorCode, error.line, cause: error)
        case let error as CatalogError: self.init(error.errorCode, error.line, cause: error)
        case let error as BulkLoadError: self.init(error.errorCode, error.line, cause: error)
        case let error as SQLError: self.init(.sqlError, error.description, cause: error)
        case let error as BytesError: self.init(.malformedMessage, error.message, cause: error)
        case is BinaryDecodingError, is SwiftProtobufError: self.init(.malformedMessage, cause: error)
        default: self.init(.internal, "\(error)", cause: error)
        }
    }
}

/// What to do comes first; the store's own words follow for whoever looks into it.
/// Nobody is told to repeat what may have been done.
private func line(ofFullDisk message: String, mayHaveBeenDone: Bool = false) -> String {
    "the server's disk is full, make room\(mayHaveBeenDone ? "" : " and try again") (\(message))"
}

extension TablesError {
    fileprivate var line: String { code == .diskFull ? Server.line(ofFullDisk: message) : message }

    fileprivate var errorCode: ErrorCode {
        switch code {
        case .wrongKey, .wrongContinuation, .unsupported, .limitExceeded: .invalidArgument
        case .notFound: .notFound
        case .versionGone: .versionGone
        case .alreadyExists: .refused
        case .diskFull: .diskFull
        case .needsRecovery, .staleGeneration, .unavailable: .unavailable
        case .corruption, .inUse, .newerFormat, .storage: .storageFailure
        }
    }
}

extension CatalogError {
    fileprivate var line: String { code == .diskFull ? Server.line(ofFullDisk: message) : message }

    fileprivate var errorCode: ErrorCode {
        switch code {
        case .nameTaken: .refused
        case .invalidArgument: .invalidArgument
        case .diskFull: .diskFull
        case .unavailable: .unavailable
        case .newerFormat, .inUse, .corruption, .undecided, .storage: .storageFailure
        }
    }
}

extension CategoriesError {
    fileprivate var line: String {
        code == .diskFull ? Server.line(ofFullDisk: message, mayHaveBeenDone: mayHaveBeenWritten) : message
    }

    fileprivate var errorCode: ErrorCode {
        switch code {
        case .overloaded: .overloaded
        case .diskFull: mayHaveBeenWritten ? .storageFailure : .diskFull
        case .unavailable: .unavailable
        case .notFound: .notFound
        case .outOfRange, .invalidArgument: .invalidArgument
        case .fenced: .fenced
        case .sequenceTooOld: .sequenceTooOld
        case .corruption, .inUse, .newerFormat, .storage: .storageFailure
        }
    }
}

extension BulkLoadError {
    fileprivate var line: String { code == .diskFull ? Server.line(ofFullDisk: message) : message }

    fileprivate var errorCode: ErrorCode {
        switch code {
        case .unreadableSource, .malformedSource, .wrongManifest, .wrongOffset, .wrongPlan: .invalidArgument
        case .corrupt: .refused
        case .adoptedAlready: .doneBefore
        case .notFound: .notFound
        case .busy: .overloaded
        case .diskFull: .diskFull
        case .interrupted, .storage: .storageFailure
        }
    }
}
