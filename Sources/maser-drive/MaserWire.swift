internal import Bytes
internal import Glibc
internal import RPC
internal import SwiftProtobuf

/// Maser's frames. A request's id is its place in the burst, from 1: answers may come in any order.
struct MaserWire: LookupWire {
    private let style: LookupStyle
    private let keys = KeyWriter()
    /// Everything of a request but the keys and, where each has one key, the ids.
    private let opening: [UInt8]

    /// Tag, length, the code of a string, its bytes and the zero at its end.
    private static let keyBytes = 2 + 1 + Row.keyBytes + 1

    init(table: String, style: LookupStyle, burst: Int) {
        self.style = style
        let keyBytes = (style == .batched ? burst : 1) * Self.keyBytes
        var tableKeys = ByteWriter()
        tableKeys.append(0x0a)
        tableKeys.append(lengthPrefixed: Array(table.utf8))
        var message = ByteWriter()
        message.append(0x0a)
        message.append(varint: UInt64(tableKeys.count + keyBytes))
        message.append(contentsOf: tableKeys.bytes)
        var frame = ByteWriter()
        frame.append(
            FrameHeader(
                messageLength: message.count + keyBytes, operation: Operation.get.rawValue, requestID: 1))
        frame.append(contentsOf: message.bytes)
        opening = frame.bytes
    }

    func requestBytes(keys: Int) -> Int { keys * (opening.count + Self.keyBytes) }

    func write(_ burst: Burst, to target: UnsafeMutableRawPointer) -> Int {
        opening.withUnsafeBytes { opening in
            guard let template = opening.baseAddress else { return 0 }
            var end = target
            for index in 0..<burst.count {
                if index == 0 || style == .pipelined {
                    memcpy(end, template, opening.count)
                    end.storeBytes(of: UInt64(index + 1).littleEndian, toByteOffset: 8, as: UInt64.self)
                    end += opening.count
                }
                end.storeBytes(of: UInt32(littleEndian: 0x02_12_12), as: UInt32.self)
                keys.write(burst.ids[index], to: end + 3)
                end.storeBytes(of: 0, toByteOffset: Self.keyBytes - 1, as: UInt8.self)
                end += Self.keyBytes
            }
            return end - target
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer, _ burst: inout Burst) throws(DriveError) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var offset = 0
        while bytes.count - offset >= FrameHeader.byteCount {
            let header = FrameHeader(at: base + offset)
            guard bytes.count - offset >= header.frameLength else { break }
            let message = UnsafeRawBufferPointer(
                start: base + offset + FrameHeader.byteCount, count: header.messageLength)
            guard header.status == 0 else { throw DriveError(MaserWire.reason(header.status, message)) }
            var walk = MessageWalk(message)
            try walk.values(of: Int(truncatingIfNeeded: header.requestID) - 1, &burst)
            offset += header.frameLength
        }
        return offset
    }

    static func reason(_ status: UInt16, _ message: UnsafeRawBufferPointer) -> String {
        let failure = try? WireFailure(serializedBytes: [UInt8](message))
        return "the server answers \(status): \(failure?.message ?? "")"
    }
}

/// Walks a get's answer: one table, its rows, in each the one column.
private struct MessageWalk {
    private var position: UnsafeRawPointer
    private let end: UnsafeRawPointer

    init(_ message: UnsafeRawBufferPointer) {
        // An answer of no bytes has no table, which `values` finds wrong.
        position = message.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        end = position + message.count
    }

    @inline(__always)
    private mutating func byte() throws(DriveError) -> UInt8 {
        guard position < end else { throw DriveError("an answer ends too early") }
        defer { position += 1 }
        return position.load(as: UInt8.self)
    }

    @inline(__always)
    private mutating func varint() throws(DriveError) -> Int {
        var value = 0
        var shift = 0
        while shift < 63 {
            let byte = try byte()
            value |= Int(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw DriveError("an answer has a number that is too long")
    }

    /// The values of the rows, of which the first answers key `first` of the burst.
    @inline(__always)
    mutating func values(of first: Int, _ burst: inout Burst) throws(DriveError) {
        guard try byte() == 0x0a else { throw DriveError("an answer does not begin with a table") }
        guard try varint() == end - position else { throw DriveError("an answer has not one table") }
        var index = first
        while position < end {
            switch try byte() {
            case 0x1a:
                let length = try varint()
                guard length > 0 else { throw DriveError("row \(burst.ids[index]) is missing") }
                guard length <= end - position else { throw DriveError("a row is longer than its answer") }
                let next = position + length
                guard try byte() == 0x0a, try varint() == next - position else {
                    throw DriveError("a row has more than its message")
                }
                _ = try varint()
                let valueBytes = try varint()
                guard position + valueBytes == next else { throw DriveError("a row has more than one column") }
                try burst.take(position, length: valueBytes, at: index)
                position = next
                index += 1
            case let tag where tag & 7 == 0: _ = try varint()
            default: throw DriveError("an answer has a field that nobody asked for")
            }
        }
    }
}

extension MaserWire {
    /// Says the protocol's version, and waits for the server's.
    static func greet(_ connection: Connection) throws {
        var hello = WireHello()
        hello.protocol = rpcProtocolVersion
        hello.software = "maser-drive"
        let message: [UInt8] = try hello.serializedBytes()
        var frame = ByteWriter()
        frame.append(
            FrameHeader(messageLength: message.count, operation: Operation.hello.rawValue, requestID: 0))
        frame.append(contentsOf: message)
        try connection.exchange(frame.bytes) { bytes in
            guard bytes.count >= FrameHeader.byteCount, let base = bytes.baseAddress else { return false }
            let header = FrameHeader(at: base)
            guard bytes.count >= header.frameLength else { return false }
            guard header.status == 0 else {
                throw DriveError(
                    reason(header.status, UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.byteCount...])))
            }
            return true
        }
    }
}
