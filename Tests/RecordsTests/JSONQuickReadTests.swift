import Records
import Testing

/// Flat records are read without the full parser, unless they are the last of a batch: it finds no room behind them. And
/// one that is written as the one before is compared with it, where others are read field by field. So the same record alone,
/// in front of others, and behind one like it is read in three ways, which have to agree.
@Suite struct JSONQuickReadTests {
    private static let others = [String](repeating: #"{"carrier":"padding of more than sixty-four bytes"}"#, count: 3)

    private func decode(_ texts: [String]) -> DecodedRecords {
        var values = ByteStrings()
        for text in texts { values.append(text.utf8) }
        let schema = JSONRecordTests.schema.filter { $0.path.count == 1 }
        return RecordDecoder(format: .json, schema: schema, needed: Array(schema.indices)).decode(values)
    }

    /// `model` is a record that is read first.
    private func expectAgreement(_ text: String, after model: String? = nil) {
        let alone = decode([text])
        expectAgreement(text, alone, decode([text] + Self.others), at: 0)
        let texts = [model ?? text, text, text] + Self.others
        let after = decode(texts)
        expectAgreement(text, alone, after, at: 1)
        expectAgreement(text, alone, after, at: 2)
    }

    private func expectAgreement(_ text: String, _ alone: DecodedRecords, _ decoded: DecodedRecords, at record: Int) {
        let failure = decoded.failures.first { $0.record == record }
        #expect(alone.failures.first?.reason == failure?.reason, "\(text)")
        let row = decoded.records.firstIndex(of: record)
        #expect(alone.records.isEmpty == (row == nil), "\(text)")
        guard let row, !alone.records.isEmpty else { return }
        let values = alone.batch.columns.map { "\($0.value(at: 0))" }
        #expect(values == decoded.batch.columns.map { "\($0.value(at: row))" }, "\(text)")
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
            let text = String(decoding: bytes, as: UTF8.self)
            expectAgreement(text, after: Bool.random(using: &generator) ? String(decoding: record, as: UTF8.self) : nil)
        }
    }

    @Test(arguments: 1...20) func numbersOfAnyLengthReadTheSame(digits: Int) {
        let number = String(repeating: "9", count: digits)
        let record = #"{"flights":1,"delay":1.5}"#
        for text in [number, "-" + number, "0" + number, number + "e2", number + "x", ""] {
            expectAgreement("{\"flights\":\(text)}")
            expectAgreement("{\"flights\":\(text),\"delay\":\(text)}", after: record)
            for fraction in [1, 6, 7, 8, 9, 17] {
                let fraction = "." + String(repeating: "3", count: fraction)
                expectAgreement("{\"flights\":2,\"delay\":\(text)\(fraction)}", after: record)
                expectAgreement("{\"flights\":2,\"delay\":\(text)\(fraction)e1}", after: record)
            }
        }
    }

    @Test func aRecordThatEndsTooEarlyTakesNothingOfTheNext() {
        let record = Array(#"{"carrier":"UA","flights":-17,"city":"Rome","delay":12.25,"late":true}"#.utf8)
        for length in 0..<record.count {
            expectAgreement(
                String(decoding: record[..<length], as: UTF8.self), after: String(decoding: record, as: UTF8.self))
        }
    }

    @Test func namesAndSpacesMayBeLong() {
        for length in [1, 7, 8, 9, 15, 16, 17, 40, 59, 60, 61, 62, 63, 64, 65, 200] {
            let name = String(repeating: "n", count: length)
            let space = String(repeating: " ", count: length)
            expectAgreement("{\"\(name)\":1,\"carrier\":\"UA\"}")
            expectAgreement("{\"\(name)\":1,\"carrier\":\"UA\"}", after: "{\"\(name)x\":1,\"carrier\":\"UA\"}")
            expectAgreement("\(space){\"carrier\"\(space):\"UA\",\(space)\"flights\":1\(space)}\(space)")
        }
    }

    @Test func aRecordMayHaveManyFields() {
        for count in [63, 64, 65, 300] {
            let fields = (0..<count).map { "\"field \($0)\":\($0)," }.joined()
            expectAgreement("{\(fields)\"carrier\":\"UA\"}")
        }
    }

    @Test func textThatIsNoUTF8IsRefusedBehindARecordLikeIt() {
        var values = ByteStrings()
        values.append(Array(#"{"carrier":"ab"}"#.utf8))
        values.append(Array(#"{"carrier":""#.utf8) + [0xc3, 0x28] + Array(#""}"#.utf8))
        for other in Self.others { values.append(other.utf8) }
        let decoded = RecordDecoder(format: .json, schema: JSONRecordTests.schema, needed: [0]).decode(values)
        #expect(decoded.failures.map(\.record) == [1])
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
