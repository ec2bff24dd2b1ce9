import Bytes
import Testing

/// Whatever stands in the bytes, a reader returns or throws, and never leaves its buffer.
@Suite struct HostileBytesTests {
    @Test func noPrefixOfAMessageMakesItsReaderFail() throws {
        var writer = ByteWriter()
        writer.append(field: 1, int64: -1)
        writer.append(field: 2, double: 1.5)
        writer.append(field: 300, string: "F\u{d4}O")
        writer.append(field: 4) { $0.append(field: 1, bool: true) }
        for count in 0..<writer.count {
            Array(writer.bytes.prefix(count)).withUnsafeBytes { walk($0) }
        }
        var numbers: [Int] = []
        try writer.bytes.withUnsafeBytes { raw in
            var reader = ProtobufReader(raw)
            while let field = try reader.next() { numbers.append(field.number) }
        }
        #expect(numbers == [1, 2, 300, 4])
    }

    @Test func randomBytesAreReadOrRefused() {
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40)).map { _ in
                Bool.random() ? UInt8.random(in: 0...255) : UInt8.random(in: 0...0x30)
            }
            bytes.withUnsafeBytes { raw in
                walk(raw)
                var tuple = ByteReader(raw)
                _ = try? tuple.readTuple()
                var lengths = ByteReader(raw)
                while (try? lengths.readLengthPrefixed()) != nil, !lengths.isAtEnd {}
            }
        }
    }

    @Test func whatIsReadOfAMutatedKeyIsWrittenBackAsItStood() throws {
        var writer = ByteWriter()
        try writer.append(tuple: [.string("EWR"), .int64(-300), .double(1.5), .null, .bytes([0, 1]), .bool(true)])
        for _ in 0..<20_000 {
            var bytes = writer.bytes
            bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255)
            let tuple = bytes.withUnsafeBytes { raw -> [TupleElement]? in
                var reader = ByteReader(raw)
                return try? reader.readTuple()
            }
            guard let tuple else { continue }
            var again = ByteWriter()
            try again.append(tuple: tuple)
            #expect(again.bytes == bytes)
        }
    }

    private func walk(_ bytes: UnsafeRawBufferPointer) {
        var reader = ProtobufReader(bytes)
        while let field = try? reader.next() {
            if field.wireType == .lengthDelimited { walk(field.bytes) }
        }
    }
}
