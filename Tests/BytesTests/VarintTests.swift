import Bytes
import Testing

@Suite struct VarintTests {
    @Test(
        arguments: [
            (0, [0]), (1, [1]), (127, [127]), (128, [0x80, 1]), (150, [0x96, 1]), (300, [0xac, 2]),
            (16384, [0x80, 0x80, 1]),
            (.max, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] as [(UInt64, [UInt8])])
    func aVarintHasItsLowGroupFirst(value: UInt64, encoded: [UInt8]) throws {
        var writer = ByteWriter()
        writer.append(varint: value)
        #expect(writer.bytes == encoded)
        #expect(varintLength(value) == encoded.count)
        try encoded.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            let decoded = try reader.readVarint()
            #expect(decoded == value)
            #expect(reader.isAtEnd)
        }
    }

    @Test func everyBitLengthReadsBackAsTheSame() throws {
        for shift in 0..<64 {
            for value in [UInt64(1) << UInt64(shift), (UInt64(1) << UInt64(shift)) &- 1, UInt64.max >> UInt64(shift)] {
                var writer = ByteWriter()
                writer.append(varint: value)
                #expect(writer.count == varintLength(value))
                try writer.bytes.withUnsafeBytes { raw in
                    var reader = ByteReader(raw)
                    let decoded = try reader.readVarint()
                    #expect(decoded == value)
                }
            }
        }
    }

    @Test func aVarintBeyond64BitsOrCutOffIsRefused() {
        let cases: [([UInt8], BytesError.Code)] = [
            ([], .truncated), ([0x80], .truncated), ([UInt8](repeating: 0x80, count: 9), .truncated),
            ([UInt8](repeating: 0xff, count: 9) + [2], .malformed),
            ([UInt8](repeating: 0x80, count: 10) + [1], .malformed),
        ]
        for (bytes, code) in cases {
            bytes.withUnsafeBytes { raw in
                _ = #expect {
                    var reader = ByteReader(raw)
                    _ = try reader.readVarint()
                } throws: { ($0 as? BytesError)?.code == code }
            }
        }
    }

    @Test func aLengthWrittenAfterwardsIsThatOfItsValue() throws {
        for count in [0, 1, 127, 128, 20_000] {
            var writer = ByteWriter()
            writer.append(7)
            writer.appendLengthPrefixed { inner in
                for index in 0..<count { inner.append(UInt8(truncatingIfNeeded: index)) }
            }
            try writer.bytes.withUnsafeBytes { raw in
                var reader = ByteReader(raw, at: 1)
                let value = try reader.readLengthPrefixed()
                #expect(value.count == count)
                #expect(reader.isAtEnd)
            }
        }
    }
}
