import Bytes
import Fuzzing
import Testing

/// tools/fuzz runs these for longer.
@Suite struct BytesFuzzTests {
    @Test func whatIsReadOfAnyKeyIsWrittenAsItStood() throws {
        let types: [[UInt8]] = [[0], [1], [2], [0x0c], [0x14], [0x1c], [0x21], [0x26], [0x27], [0, 0xff], [0, 0]]
        let fuzzer = Fuzzer("tuples", corpus: try Corpus.load("tuples"), dictionary: types, rounds: 6000)
        try fuzzer.run { input, _ in
            var ends: [Int] = []
            let read = input.withUnsafeBytes { bytes -> [TupleElement]? in
                var reader = ByteReader(bytes)
                var elements: [TupleElement] = []
                while !reader.isAtEnd {
                    guard let element = try? reader.readTupleElement() else { return nil }
                    elements.append(element)
                    ends.append(reader.position)
                }
                return elements
            }
            // Passing over an element ends where reading it does; what is passed over need not be readable.
            try input.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                for end in ends {
                    try reader.skipTupleElement()
                    try hold(reader.position == end, "passing over ends at \(reader.position), reading at \(end)")
                }
            }
            guard let read else { return false }
            var writer = ByteWriter()
            try writer.append(tuple: read)
            try hold(writer.bytes == input, "\(read) is written as \(writer.bytes.hexadecimal)")
            return true
        }
    }

    @Test func theFieldsOfAnyMessageAreAllOfIt() throws {
        let tags: [[UInt8]] = [[0x08], [0x0a], [0x09], [0x0d], [0x0b], [0xfa, 0x01]]
        let fuzzer = Fuzzer(
            "messages-of-fields", corpus: try Corpus.load("messages-of-fields"), dictionary: tags, rounds: 6000)
        try fuzzer.run { input, _ in
            try input.withUnsafeBytes { bytes in
                var reader = ProtobufReader(bytes)
                var count = 0
                do {
                    while let field = try reader.next() {
                        count += field.encoded.count
                        try hold(field.number >= 1 && field.bytes.count <= field.encoded.count, "\(field)")
                    }
                } catch is BytesError {
                    return false
                }
                try hold(count == input.count, "the fields have \(count) bytes of \(input.count)")
                return true
            }
        }
    }
}
