import Bytes
import Records
import Testing

@Suite struct JSONRowWriterTests {
    private static let values: [[Value]] = [
        [.bool(true), .int64(.min), .double(3), .string("plain"), .bytes([0, 255]), .timestamp(1_500_000)],
        [.bool(false), .int64(7), .double(.nan), .string("a\"\\\n\u{1}\u{7f}\u{1F600}"), .bytes([]), .timestamp(-1)],
        [.null, .null, .null, .null, .null, .null],
        [.bool(true), .int64(0), .double(-.infinity), .string(""), .bytes([1]), .timestamp(0)],
        [.bool(true), .int64(0), .double(0.1), .string("e"), .bytes([1]), .timestamp(0)],
    ]
    private static let types: [ValueType] = [.bool, .int64, .double, .string, .bytes, .timestamp]
    private static let names = ["a", "b \"quoted\"", "c", "d", "e", "f"]

    private static let columns = types.enumerated().map { index, type in
        Column(type: type, values: values.map { $0[index] })
    }

    @Test func aRowOfColumnsIsTheObjectOfItsValues() {
        let writer = JSONRowWriter(names: Self.names)
        for (row, values) in Self.values.enumerated() {
            var bytes = ByteWriter()
            writer.append(Self.columns, row: row, to: &bytes)
            #expect(
                String(decoding: bytes.bytes, as: UTF8.self)
                    == JSONText.object(zip(Self.names, values).map { (name: $0, value: $1) }))
        }
    }

    @Test func theKeyOfAColumnIsTheOneThatIsFoundInTheRecord() {
        for (index, type) in Self.types.enumerated() {
            var records = ByteStrings()
            for values in Self.values { records.append(JSONText.object([(name: "k", value: values[index])]).utf8) }
            let found = RecordKeyFinder(field: "k").find(in: records)
            for row in Self.values.indices {
                var key = ByteWriter()
                let isThere = RecordKeyText.append(Self.columns[index], row: row, to: &key)
                #expect(isThere == !found.isAbsent[row], "\(type) \(row)")
                #expect(key.bytes == [UInt8](found.keys[row]), "\(type) \(row)")
            }
        }
    }
}
