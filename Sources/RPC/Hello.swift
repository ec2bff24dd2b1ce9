internal import Bytes
internal import SwiftProtobuf

extension WireHello {
    /// What this build says of itself.
    static var ours: WireHello {
        var hello = WireHello()
        hello.protocol = rpcProtocolVersion
        hello.software = "maser-swift"
        return hello
    }
}

extension ByteWriter {
    /// The first frame each way. Its request id is 0, the connection's own.
    mutating func append(hello: WireHello, flags: UInt8) {
        let start = count
        append(FrameHeader(messageLength: 0, operation: Operation.hello.rawValue, flags: flags, requestID: 0))
        // A number and strings made here: there is nothing in it that could fail to encode.
        if let message: [UInt8] = try? hello.serializedBytes() { append(contentsOf: message) }
        finishFrame(at: start)
    }
}
