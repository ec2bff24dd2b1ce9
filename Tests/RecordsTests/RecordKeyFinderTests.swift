import Records
import Testing

@Suite struct RecordKeyFinderTests {
    @Test func aFieldOfAnyScalarTypeIsAKeyAsItsText() {
        var records = ByteStrings()
        for record in [
            #"{"k": "EWR"}"#, #"{"a": {"k": 1}, "k": 7}"#, #"{"k": 7.0}"#, #"{"k": 0.5}"#, #"{"k": true}"#,
            #"{"k": null}"#, #"{"other": 1}"#, #"{"k": "#, #"{"k": [1]}"#,
        ] {
            records.append(record.utf8)
        }
        let (keys, isAbsent) = RecordKeyFinder(field: "k").find(in: records)
        #expect((0..<5).map { String(decoding: keys[$0], as: UTF8.self) } == ["EWR", "7", "7", "0.5", "true"])
        #expect(isAbsent == [false, false, false, false, false, true, true, true, true])
    }
}
