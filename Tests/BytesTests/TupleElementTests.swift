import Bytes
import Testing

@Suite struct TupleElementTests {
    @Test func theByteOrderOfKeysIsTheOrderOfTheirTuples() throws {
        let ascending: [TupleElement] = [
            .null, .bytes([]), .bytes([0]), .bytes([0, 1]), .bytes([1]), .string(""), .string("a"), .string("ab"),
            .int64(.min), .int64(-256), .int64(-255), .int64(-1), .int64(0), .int64(1), .int64(255), .int64(256),
            .int64(.max), .double(-.infinity), .double(-1), .double(0), .double(.leastNonzeroMagnitude),
            .double(1), .double(.infinity), .bool(false), .bool(true),
        ]
        let encoded = try ascending.map { element in
            var writer = ByteWriter()
            try writer.append(tuple: element)
            return writer.bytes
        }
        for (lesser, greater) in zip(encoded, encoded.dropFirst()) {
            #expect(lesser.lexicographicallyPrecedes(greater))
        }
        for (element, bytes) in zip(ascending, encoded) {
            try bytes.withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                let decoded = try reader.readTupleElement()
                #expect(decoded == element)
                #expect(reader.isAtEnd)
            }
        }
    }
}
