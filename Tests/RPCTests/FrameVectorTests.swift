import Bytes
import SwiftProtobuf
import Testing

@testable import RPC

struct FrameVectors: Decodable {
    struct Frame: Decodable, CustomTestStringConvertible {
        let about, operation, requestID, message, text, encodedMessage, encoded: String
        let flags: UInt8
        let status: UInt16
        let millisecondsLeft: UInt32

        var testDescription: String { about }
    }

    struct Malformed: Decodable {
        let why, encoded, error: String
    }

    let operations: [String: UInt8]
    let errors: [String: UInt16]
    let frames: [Frame]
    let malformed: [Malformed]
}

@Suite("Frames as Protocols/vectors has them")
struct FrameVectorTests {
    private let all: FrameVectors

    init() throws {
        all = try vectors("frames.json", as: FrameVectors.self)
    }

    @Test("operations have their frozen numbers")
    func operations() {
        #expect(all.operations.count == Operation.allCases.count)
        for operation in Operation.allCases { #expect(all.operations["\(operation)"] == operation.rawValue) }
    }

    @Test("errors have their frozen numbers, and a client's own are not among them")
    func errors() {
        let onTheWire = ErrorCode.allCases.filter { $0.rawValue < 1024 }
        #expect(all.errors.count == onTheWire.count)
        for code in onTheWire { #expect(all.errors["\(code)"] == code.rawValue) }
    }

    @Test("a frame is written and read as its vector says")
    func frames() throws {
        for vector in all.frames {
            let message = try bytes(hexadecimal: vector.encodedMessage)
            let header = FrameHeader(
                messageLength: message.count, operation: try #require(all.operations[vector.operation]),
                flags: vector.flags, status: vector.status, requestID: try #require(UInt64(vector.requestID)),
                millisecondsLeft: vector.millisecondsLeft)
            var writer = ByteWriter()
            writer.append(header)
            writer.append(contentsOf: message)
            #expect(writer.bytes == (try bytes(hexadecimal: vector.encoded)), "\(vector.about)")
            writer.bytes.withUnsafeBytes { bytes in
                guard case .frame(let read, let body) = nextFrame(in: bytes, at: 0, limit: 1 << 20) else {
                    Issue.record("\(vector.about) is not read as a frame")
                    return
                }
                #expect(read == header)
                #expect([UInt8](body) == message)
            }
        }
    }

    @Test("a generated message has the bytes that protoc gives it")
    func messages() throws {
        for vector in all.frames {
            let type: (any Message.Type)? =
                switch vector.message {
                case "Hello": WireHello.self
                case "Failure": WireFailure.self
                case "GetRequest": WireGetRequest.self
                case "GetResponse": WireGetResponse.self
                case "ScanRequest": WireScanRequest.self
                case "AppendRequest": WireAppendRequest.self
                case "AppendResponse": WireAppendResponse.self
                case "StatusRequest": WireStatusRequest.self
                default: nil
                }
            let message = try #require(type).init(textFormatString: vector.text)
            let encoded: [UInt8] = try message.serializedBytes()
            #expect(encoded == (try bytes(hexadecimal: vector.encodedMessage)), "\(vector.about)")
        }
    }

    @Test("hello and failures have the bytes of their vectors")
    func connectionFrames() throws {
        var writer = ByteWriter()
        writer.append(hello: .ours, flags: 0)
        #expect(writer.bytes == (try bytes(hexadecimal: all.frames[0].encoded)))
        writer.removeAll()
        writer.append(failure: RPCError(.overloaded), to: 12, Operation.get.rawValue)
        let vector = try #require(all.frames.first { $0.status == ErrorCode.overloaded.rawValue })
        #expect(writer.bytes == (try bytes(hexadecimal: vector.encoded)))
    }

    @Test("what is no frame is known by its length alone")
    func malformed() throws {
        for vector in all.malformed {
            let bytes = try bytes(hexadecimal: vector.encoded)
            bytes.withUnsafeBytes { bytes in
                guard case .invalid(let code, _) = nextFrame(in: bytes, at: 0, limit: RPCLimits().frameBytes) else {
                    Issue.record("\(vector.why) is read as a frame")
                    return
                }
                #expect("\(code)" == vector.error)
            }
        }
    }

    @Test("every beginning of a frame waits for the rest")
    func beginnings() throws {
        for vector in all.frames {
            let whole = try bytes(hexadecimal: vector.encoded)
            for count in 0..<whole.count {
                whole[..<count].withUnsafeBytes { bytes in
                    guard case .incomplete = nextFrame(in: bytes, at: 0, limit: 1 << 20) else {
                        Issue.record("\(count) bytes of \(vector.about) are not waited on")
                        return
                    }
                }
            }
        }
    }
}
