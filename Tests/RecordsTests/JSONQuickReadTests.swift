import Records
import Testing

/// Flat records are read without the full parser, unless they are the last of a batch: it finds no room behind them. So
/// the same record alone and in front of others is read in two ways, which have to agree.
@Suite struct JSONQuickReadTests {
    private static let others = [String](repeating: #"{"carrier":"padding of more than sixty-four bytes"}"#, count: 3)

    private func decode(_ texts: [String]) -> DecodedRecords {
        var values = ByteStrings()
        for text in texts { values.append(text.utf8) }
        let schema = JSONRecordTests.schema.filter { $0.path.count == 1 }
        return RecordDecoder(format: .json, schema: schema, needed: Array(schema.indices)).decode(values)
    }

    private func expectAgreement(_ text: String) {
        let alone = decode([text])
        let before = decode([text] + Self.others)
        #expect(alone.failures.map(\.reason) == before.failures.map(\.reason), "\(text)")
        guard alone.records.first == 0, before.records.first == 0 else {
            #expect(alone.records.isEmpty && before.records.first != 0, "\(text)")
            return
        }
        let values = alone.batch.columns.map { $0.value(at: 0) }
        #expect(values.map { "\($0)" } == before.batch.columns.map { "\($0.value(at: 0))" }, "\(text)")
    }

    @Test(
        arguments: [
            "{}", " { } ", "{", "}", "", "{}{}", #"{"a":}"#, #"{"a":1,}"#, #"{,}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#,
            #"{"flights":01}"#, #"{"flights":-}"#, #"{"flights":1.}"#, #"{"flights":.5}"#, #"{"flights":+1}"#,
            #"{"flights":-0}"#, #"{"delay":-0.0}"#, #"{"delay":1.5x}"#, #"{"delay":0.1}"#,
            #"{"delay":9007199254740993.0}"#,
            #"{"delay":123456789012345678}"#, #"{"delay":1234567890123456789}"#, #"{"delay":0.000000000000000001}"#,
            #"{"delay":1e5}"#, #"{"delay":12345678.87654321}"#, #"{"late":tru}"#, #"{"late":truefalse}"#,
            #"{"late":nul"#,
            #"{"carrier":"unclosed}"#, #"{"carrier":"tab\there"}"#, "{\"carrier\":\"raw\ttab\"}",
            #"{"carrier":"Zürich"}"#,
            #"{"carrier":"a","carrier":"b"}"#, #"{"carrier":"a","carrier":null}"#,
            #"{"x":{"carrier":"no"},"carrier":"yes"}"#,
            #"{"x":[1,2],"carrier":"yes"}"#, #"{"\u0063arrier":"escaped"}"#, #"{"":"empty"}"#, "\u{feff}{}", "[]", "1",
            "null",
            #"{"carrier":"exactly 16 bytes","delay":2}"#, #"{"carrier":"","flights":7}"#,
            "\n{ \"flights\" :\t1 , \"late\":true }\r\n",
            #"{"photo":"AP8=","scheduled":"2013-01-01","sent":1357035300250}"#, #"{"flights":"7"}"#, #"{"late":1}"#,
        ]) func bothWaysOfReadingAgree(text: String)
    {
        expectAgreement(text)
    }

    @Test func theyAgreeOnWhateverChanceMakesOfARecord() {
        let record = Array(
            #"{"carrier":"UA","flights":-17,"delay":12.25,"late":true,"x":null,"sent":1357035300250,"city":"Zürich"}"#
                .utf8)
        let pieces = Array(#"{}[]",:\.-+eE0123456789 truefalsn"#.utf8)
        var generator = SplitMix(state: 7)
        for _ in 0..<3000 {
            var bytes = record
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = pieces.randomElement(using: &generator) ?? 0
                case 1: bytes.remove(at: index)
                default: bytes.insert(pieces.randomElement(using: &generator) ?? 0, at: index)
                }
            }
            expectAgreement(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func textThatIsNoUTF8IsRefused() {
        var values = ByteStrings()
        values.append(Array(#"{"carrier":""#.utf8) + [0xc3, 0x28] + Array(#""}"#.utf8))
        for other in Self.others { values.append(other.utf8) }
        let decoded = RecordDecoder(format: .json, schema: JSONRecordTests.schema, needed: [0]).decode(values)
        #expect(decoded.failures.map(\.record) == [0])
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
