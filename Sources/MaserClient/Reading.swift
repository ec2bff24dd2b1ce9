internal import Bytes
internal import NIOCore

// Answers are read where they arrived. These let a typed error through scopes that only rethrow.

extension ByteBuffer {
    func reading<R>(_ body: (UnsafeRawBufferPointer) throws(ClientError) -> R) throws(ClientError) -> R {
        try withUnsafeReadableBytes { bytes in Result(catching: { () throws(ClientError) in try body(bytes) }) }.get()
    }
}

extension [UInt8] {
    func reading<R>(_ body: (UnsafeRawBufferPointer) throws(ClientError) -> R) throws(ClientError) -> R {
        try withUnsafeBytes { bytes in Result(catching: { () throws(ClientError) in try body(bytes) }) }.get()
    }
}

extension ClientError {
    /// What came up while an answer was read.
    init(reading error: any Error) {
        switch error {
        case let error as ClientError: self = error
        case let error as BytesError:
            self.init(.protocolViolation, "an answer of the server cannot be read: \(error.message)", cause: error)
        default: self.init(.protocolViolation, "an answer of the server cannot be read: \(error)", cause: error)
        }
    }
}
