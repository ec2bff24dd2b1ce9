import Bytes
import Testing

struct KeyVectors: Decodable {
    struct Key: Decodable {
        var source: String
        var tuple: [Element?]
        var encoded: String
    }

    struct Element: Decodable {
        var bytes: String?
        var string: String?
        var int64: String?
        var double: String?
        var bool: Bool?

        func element() throws -> TupleElement {
            if let bytes { return .bytes(try BytesTests.bytes(hexadecimal: bytes)) }
            if let string { return .string(string) }
            if let int64 { return .int64(try #require(Int64(int64))) }
            if let double { return .double(try #require(Double(double))) }
            return .bool(bool == true)
        }
    }

    struct Malformed: Decodable {
        var why: String
        var encoded: String
    }

    var keys: [Key]
    var malformed: [Malformed]
}

@Suite struct KeyVectorTests {
    @Test func tuplesEncodeAsFoundationDBPublishedThem() throws {
        for vector in try vectors("keys.json", as: KeyVectors.self).keys {
            let elements = try vector.tuple.map { try $0?.element() ?? .null }
            let expected = try bytes(hexadecimal: vector.encoded)
            var writer = ByteWriter()
            try writer.append(tuple: elements)
            #expect(writer.bytes == expected, "\(vector.tuple)")
            let decoded = try expected.withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                return try reader.readTuple()
            }
            #expect(decoded == elements.map { $0 == .double(-0.0) ? .double(0) : $0 })
        }
    }

    @Test func malformedKeysAreRefused() throws {
        for vector in try vectors("keys.json", as: KeyVectors.self).malformed {
            let encoded = try bytes(hexadecimal: vector.encoded)
            encoded.withUnsafeBytes { raw in
                _ = #expect(throws: BytesError.self, "\(vector.why)") {
                    var reader = ByteReader(raw)
                    _ = try reader.readTuple()
                }
            }
        }
    }

    @Test func aNaNHasNoKey() {
        var writer = ByteWriter()
        #expect(throws: BytesError.self) { try writer.append(tuple: .double(.nan)) }
        #expect(throws: BytesError.self) { try writer.append(tuple: .double(-.nan)) }
    }

    @Test func thePrefixOfATupleIsAPrefixOfItsBytesAnd0xFFEndsIt() throws {
        var prefix = ByteWriter()
        try prefix.append(tuple: [.string("EWR")])
        let bound = prefix.bytes + [0xff]
        for second: TupleElement in [.null, .string("\u{10ffff}"), .int64(.max), .bool(true), .bytes([255, 255])] {
            var whole = ByteWriter()
            try whole.append(tuple: [.string("EWR"), second])
            #expect(whole.bytes.starts(with: prefix.bytes))
            #expect(whole.bytes.lexicographicallyPrecedes(bound))
        }
        // A longer string that goes on with a zero byte has the shorter one's bytes as its own first, and is outside.
        var longer = ByteWriter()
        try longer.append(tuple: .string("EWR\u{0}"))
        #expect(longer.bytes.starts(with: prefix.bytes))
        #expect(!longer.bytes.lexicographicallyPrecedes(bound))
    }

    @Test func anElementIsSkippedAsItIsRead() throws {
        for vector in try vectors("keys.json", as: KeyVectors.self).keys {
            try bytes(hexadecimal: vector.encoded).withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                var skipper = ByteReader(raw)
                while !reader.isAtEnd {
                    _ = try reader.readTupleElement()
                    try skipper.skipTupleElement()
                    #expect(skipper.position == reader.position)
                }
            }
        }
    }
}
