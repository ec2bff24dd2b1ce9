import Bytes
import RPC
import Testing

@testable import maser_drive

@Suite("what the load generator sends and takes")
struct LookupWireTests {
    @Test(
        "a key is the word, a colon and twelve digits",
        arguments: [0, 7, 42, 999, 1000, 999_999, 1_234_567, UInt32.max])
    func keys(id: UInt32) {
        #expect(
            String(decoding: key(id), as: UTF8.self) == "key:" + String(repeating: "0", count: 12 - "\(id)".count)
                + "\(id)")
    }

    @Test("a request to Maser is what a client of Maser writes", arguments: LookupStyle.allCases)
    func maserRequests(style: LookupStyle) throws {
        let ids: [UInt32] = [3, 141_592, 653_589]
        let wire = MaserWire(table: "lookup", style: style, burst: ids.count)
        let requests = style == .batched ? [ids] : ids.map { [$0] }
        var expected = ByteWriter()
        for (index, ids) in requests.enumerated() {
            let start = expected.count
            expected.append(
                FrameHeader(messageLength: 0, operation: Operation.get.rawValue, requestID: UInt64(index + 1)))
            WireGetRequest.append(table: "lookup", keys: try ids.map(tuple), to: &expected)
            expected.finishFrame(at: start)
        }
        #expect(written(wire, ids) == expected.bytes)
    }

    @Test("a request to Redis is a GET for each key, or one MGET")
    func redisRequests() {
        let pipelined = String(decoding: written(RedisWire(style: .pipelined, burst: 2), [1, 2]), as: UTF8.self)
        #expect(
            pipelined == "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000002\r\n")
        let batched = String(decoding: written(RedisWire(style: .batched, burst: 2), [1, 2]), as: UTF8.self)
        #expect(batched == "*3\r\n$4\r\nMGET\r\n$16\r\nkey:000000000001\r\n$16\r\nkey:000000000002\r\n")
    }

    @Test("answers of Maser are taken as they come, whole frames at a time and in any order")
    func maserAnswers() throws {
        let ids: [UInt32] = [64, 128, 5]
        var frames = ByteWriter()
        for index in [2, 0, 1] { frames.append(contentsOf: maserAnswer([ids[index]], id: index + 1)) }
        try check(MaserWire(table: "t", style: .pipelined, burst: 3), ids, frames.bytes)
        try check(MaserWire(table: "t", style: .batched, burst: 3), ids, maserAnswer(ids, id: 1))
    }

    @Test("answers of Redis are taken as they come", arguments: LookupStyle.allCases)
    func redisAnswers(style: LookupStyle) throws {
        let ids: [UInt32] = [64, 128, 5]
        var bytes = Array((style == .batched ? "*3\r\n" : "").utf8)
        for id in ids { bytes += Array("$100\r\n".utf8) + value(id) + Array("\r\n".utf8) }
        try check(RedisWire(style: style, burst: 3), ids, bytes)
    }

    @Test("a missing row, the value of another one and a failure end the drive")
    func wrongAnswers() {
        let wire = MaserWire(table: "t", style: .batched, burst: 1)
        #expect(throws: DriveError.self) { try take(wire, [64], maserAnswer([nil], id: 1)) }
        #expect(throws: DriveError.self) { try take(wire, [64], maserAnswer([128], id: 1)) }
        let redis = RedisWire(style: .pipelined, burst: 1)
        #expect(throws: DriveError.self) { try take(redis, [64], Array("$-1\r\n".utf8)) }
        #expect(throws: DriveError.self) { try take(redis, [64], Array("-ERR no such command\r\n".utf8)) }
    }

    // MARK: Bytes

    private func key(_ id: UInt32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Row.keyBytes + 1) { space, count in
            if let base = space.baseAddress { KeyWriter().write(id, to: base) }
            count = Row.keyBytes
        }
    }

    private func tuple(_ id: UInt32) throws -> [UInt8] {
        var writer = ByteWriter()
        try writer.append(tuple: .string(String(decoding: key(id), as: UTF8.self)))
        return writer.bytes
    }

    private func value(_ id: UInt32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Row.valueBytes) { space, count in
            if let base = space.baseAddress { Row.writeValue(of: id, to: base) }
            count = Row.valueBytes
        }
    }

    private func burst(_ ids: [UInt32]) -> Burst {
        let burst = Burst(count: ids.count)
        for (index, id) in ids.enumerated() { burst.ids[index] = id }
        return burst
    }

    private func written(_ wire: some LookupWire, _ ids: [UInt32]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: wire.requestBytes(keys: ids.count) + 8) { space, count in
            if let base = space.baseAddress { count = wire.write(burst(ids), to: base) }
        }
    }

    private func maserAnswer(_ ids: [UInt32?], id: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(
            FrameHeader(
                messageLength: 0, operation: Operation.get.rawValue, flags: FrameHeader.responseFlag,
                requestID: UInt64(id)))
        WireGetResponse.append(tableID: 7, schemaRevision: 300, to: &writer) { writer in
            for id in ids {
                guard let id else {
                    WireRow.append(nil, to: &writer)
                    continue
                }
                var row = ByteWriter()
                row.append(field: 1, bytes: value(id))
                row.bytes.withUnsafeBytes { WireRow.append($0, to: &writer) }
            }
        }
        writer.finishFrame(at: 0)
        return writer.bytes
    }

    // MARK: Taking

    @discardableResult
    private func take(_ wire: some LookupWire, _ ids: [UInt32], _ bytes: [UInt8]) throws -> Burst {
        var burst = burst(ids)
        #expect(try bytes.withUnsafeBytes { try wire.take($0, &burst) } == bytes.count)
        return burst
    }

    /// However the bytes are split in two, all values are taken, and those compared that are to be.
    private func check(_ wire: some LookupWire, _ ids: [UInt32], _ bytes: [UInt8]) throws {
        for split in 0...bytes.count {
            var burst = burst(ids)
            let taken = try bytes[..<split].withUnsafeBytes { try wire.take($0, &burst) }
            try #require(taken <= split)
            let rest = try bytes[taken...].withUnsafeBytes { try wire.take($0, &burst) }
            #expect(taken + rest == bytes.count)
            #expect(burst.isAnswered && burst.comparedValues == 2)
        }
    }
}
