import Bytes
import Fuzzing
import Records
import Testing

/// tools/fuzz runs these for longer.
@Suite struct RecordsFuzzTests {
    private static let types: [ValueType] = [.string, .int64, .double, .bool, .bytes, .timestamp]

    @Test func aKeyThatSomebodyWritesIsRefusedOrIsTheKeyThatItBecomes() throws {
        let columns = Self.types.map { (name: "\($0)", type: $0) }
        let words = [
            "null", "\"", ",", "[", "]", "\\u0000", "\\ud83d", "Infinity", "NaN", "-", "e", "2013-02-30", "\n",
        ]
        let fuzzer = Fuzzer(
            "key-text", corpus: try Corpus.load("key-text"), dictionary: words.map { Array($0.utf8) }, rounds: 3000)
        try fuzzer.run { input, _ in
            let values: [Value]
            do throws(RecordsError) {
                values = try KeyText.parse(String(decoding: input, as: UTF8.self), columns: columns, allowsPrefix: true)
            } catch {
                try hold(!error.message.isEmpty && error.message.utf8.count < 1000, "says \(error.message)")
                return false
            }
            var writer = ByteWriter()
            do {
                try encodeKey(values, into: &writer)
            } catch {
                try hold(values.contains { if case .double(let value) = $0 { value.isNaN } else { false } }, "\(error)")
                return true
            }
            let again = try writer.bytes.withUnsafeBytes { try decodeKey($0, types: Self.types, allowsPrefix: true) }
            try hold(again == values, "\(values) is read back as \(again)")
            return true
        }
    }

    @Test func anyMessageOfARowIsRefusedOrIsTheRowThatItBecomes() throws {
        let layout = RowLayout(
            columns: [
                (1, "i", .int64), (2, "d", .double), (3, "s", .string), (4, "y", .bytes), (5, "t", .timestamp),
                (6, "b", .bool),
            ])
        let fuzzer = Fuzzer("rows", corpus: try Corpus.load("rows"), rounds: 4000)
        try fuzzer.run { input, _ in
            guard let values = input.withUnsafeBytes({ try? layout.decode($0) }) else { return false }
            var writer = ByteWriter()
            layout.encode(values, into: &writer)
            let again = try writer.bytes.withUnsafeBytes { try layout.decode($0) }
            try hold(bits(again) == bits(values), "\(values) is read back as \(again)")
            var twice = ByteWriter()
            layout.encode(again, into: &twice)
            try hold(twice.bytes == writer.bytes, "one row has two encodings")
            return true
        }
    }

    @Test(arguments: [RecordFormat.json, .csv])
    func aRecordIsReadAloneAsAmongOthers(_ format: RecordFormat) throws {
        let target = format == .json ? "json" : "delimited"
        let schema = format == .json ? JSONRecordTests.schema : DelimitedRecordTests.schema
        let decoder = RecordDecoder(format: format, schema: schema, needed: Array(schema.indices))
        let words = [
            "\"", ",", "{", "}", "[", "]", ":", "\\u0000", "\\", "\r\n", "null", "\"carrier\":", "1e309", "\u{feff}",
        ]
        let corpus = try Corpus.load(target)
        let neighbour = corpus[0]
        let fuzzer = Fuzzer(target, corpus: corpus, dictionary: words.map { Array($0.utf8) }, rounds: 3000)
        let finder = RecordKeyFinder(field: "carrier")
        try fuzzer.run { input, _ in
            let alone = decoder.decode(strings([input]))
            let among = decoder.decode(strings([neighbour, input, neighbour]))
            try hold(alone.records.count + alone.failures.count == 1, "alone it is neither a row nor a failure")
            try hold(among.records.first == 0 && among.records.last == 2, "its neighbours are lost")
            let reason = among.failures.first.map(\.reason)
            try hold(
                alone.failures.first.map(\.reason) == reason, "alone \(alone.failures), among others \(among.failures)")
            try hold((reason?.utf8.count ?? 0) < 1000, "it takes \(reason?.utf8.count ?? 0) bytes to say why")
            // Where it stands decides no key.
            if format == .json {
                let key = finder.find(in: strings([input]))
                let keys = finder.find(in: strings([neighbour, input]))
                try hold(key.isAbsent[0] == keys.isAbsent[1], "its key is found alone or among others only")
                try hold(Array(key.keys[0]) == Array(keys.keys[1]), "its key is another among others")
            }
            guard reason == nil else { return false }
            let rows = [alone.batch.columns.map { $0.value(at: 0) }, among.batch.columns.map { $0.value(at: 1) }]
            try hold(bits(rows[0]) == bits(rows[1]), "alone \(rows[0]), among others \(rows[1])")
            return true
        }
    }

    @Test func aFileIsTheSameRecordsInAnyCut() throws {
        let words = ["\"", ",", "\r\n", "\n", "\r", "\"\"", "\",\""].map { Array($0.utf8) }
        let fuzzer = Fuzzer("delimited-files", corpus: try Corpus.load("delimited"), dictionary: words, rounds: 2000)
        try fuzzer.run { input, random in
            let whole = Result { () throws(RecordsError) in try texts([input[...]]) }
            let cut = Result { () throws(RecordsError) in try texts(random.cut(input)) }
            switch (whole, cut) {
            case (.success(let whole), .success(let cut)):
                try hold(whole == cut, "whole \(whole), cut \(cut)")
                return true
            case (.failure(let whole), .failure(let cut)):
                try hold(whole.description == cut.description, "whole: \(whole.message); cut: \(cut.message)")
                return false
            default: throw FuzzFailure("whole \(whole), cut \(cut)")
            }
        }
    }

    /// The fields of every record, from a file that comes in pieces.
    private func texts(_ pieces: [ArraySlice<UInt8>]) throws(RecordsError) -> [[String]] {
        var parser = DelimitedParser(delimiter: Delimiter.comma)
        var buffer: [UInt8] = []
        var all: [[String]] = []
        for index in 0...pieces.count {
            if index < pieces.count { buffer += pieces[index] }
            while true {
                var records = DelimitedRecords()
                let result = buffer.withUnsafeBytes { bytes -> Result<(Int, [[String]]), RecordsError> in
                    do throws(RecordsError) {
                        let consumed = try parser.parse(
                            bytes, isFinal: index == pieces.count, maximumRecords: 4, into: &records)
                        return .success((consumed, (0..<records.count).map { records.texts(of: $0, in: bytes) }))
                    } catch {
                        return .failure(error)
                    }
                }
                let (consumed, found) = try result.get()
                all += found
                buffer.removeFirst(consumed)
                if found.isEmpty { break }
            }
        }
        return all
    }

    private func strings(_ records: [[UInt8]]) -> ByteStrings {
        var strings = ByteStrings()
        for record in records { strings.append(record) }
        return strings
    }

    /// Equal where every bit is: NaN too.
    private func bits(_ values: [Value]) -> [String] {
        values.map { if case .double(let value) = $0 { "\(value.bitPattern)" } else { "\($0)" } }
    }
}
