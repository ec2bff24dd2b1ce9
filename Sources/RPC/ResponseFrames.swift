package import Bytes
internal import SwiftProtobuf

// How the frames of responses are written, by a connection and by whoever answers from elsewhere.

extension ByteWriter {
    /// Starts a response; the message follows. Returns where the frame begins.
    package mutating func beginResponse(to id: UInt64, _ operation: Operation) -> Int {
        let start = count
        append(
            FrameHeader(
                messageLength: 0, operation: operation.rawValue, flags: FrameHeader.responseFlag, requestID: id))
        return start
    }

    /// Ends a response. One that the client would refuse as too large becomes a failure that says so.
    package mutating func endResponse(to id: UInt64, _ operation: Operation, start: Int, limit: Int) {
        if count - start > limit {
            let error = RPCError(
                .frameTooLarge,
                "the response has \(count - start) bytes, more than the \(limit) of a frame; ask for less at once")
            takeBack(to: start)
            append(failure: error, to: id, operation.rawValue)
        } else {
            finishFrame(at: start)
        }
    }

    /// Takes back what was written of a response.
    package mutating func takeBack(to start: Int) {
        bytes.removeLast(count - start)
    }

    package mutating func append(failure error: RPCError, to id: UInt64, _ operation: UInt8) {
        let start = count
        append(
            FrameHeader(
                messageLength: 0, operation: operation, flags: FrameHeader.responseFlag, status: error.code.rawValue,
                requestID: id))
        // Three scalar fields: there is nothing in it that could fail to encode.
        if let message: [UInt8] = try? error.wire.serializedBytes() { append(contentsOf: message) }
        finishFrame(at: start)
    }
}
