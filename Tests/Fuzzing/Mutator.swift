/// Makes inputs of inputs: what bytes go through on a bad wire, and what somebody does to them who knows the format.
struct Mutator {
    /// Pieces that mean something in the format.
    let dictionary: [[UInt8]]
    let greatestBytes: Int

    /// Bytes at which formats turn: ends of ranges, lengths that no input has, types of key elements, tags of fields.
    private static let turning: [UInt8] = [
        0, 1, 2, 7, 8, 0x0a, 0x12, 0x14, 0x21, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x22, 0x27, 0x5b, 0x7b,
    ]

    /// Lengths and numbers as varints and as words that reach beyond every input.
    private static let numbers: [[UInt8]] = [
        [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], [0xff, 0xff, 0xff, 0x7f], [0x80, 0x00],
        [0x00, 0x00, 0x00, 0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
        [0, 0, 0, 0, 0, 0, 0, 0x80], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80],
    ]

    func mutate(_ input: [UInt8], with others: [[UInt8]], using random: inout FuzzRandom) -> [UInt8] {
        var bytes = input
        for _ in 0...random.index(4) { change(&bytes, others, &random) }
        return bytes.count > greatestBytes ? Array(bytes.prefix(greatestBytes)) : bytes
    }

    private func change(_ bytes: inout [UInt8], _ others: [[UInt8]], _ random: inout FuzzRandom) {
        let place = random.index(bytes.count + 1)
        let end = min(bytes.count, place + 1 + random.index(random.index(4) == 0 ? bytes.count : 8))
        switch random.index(12) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.index(8)) }
        case 1: if place < bytes.count { bytes[place] = Self.turning[random.index(Self.turning.count)] }
        case 2: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
        // A length that is off by a little.
        case 3: if place < bytes.count { bytes[place] &+= UInt8(truncatingIfNeeded: random.index(5) - 2) }
        case 4: bytes.removeSubrange(place..<end)
        case 5: bytes.removeSubrange(place...)
        case 6: bytes.insert(contentsOf: bytes[place..<end], at: random.index(bytes.count + 1))
        case 7: bytes.insert(contentsOf: Self.numbers[random.index(Self.numbers.count)], at: place)
        case 8: bytes.replaceSubrange(place..<end, with: Self.numbers[random.index(Self.numbers.count)])
        case 9, 10:
            guard !dictionary.isEmpty else { return }
            let token = dictionary[random.index(dictionary.count)]
            if random.index(2) == 0 {
                bytes.insert(contentsOf: token, at: place)
            } else {
                bytes.replaceSubrange(place..<end, with: token)
            }
        default:
            guard !others.isEmpty else { return }
            let other = others[random.index(others.count)]
            bytes.replaceSubrange(place..., with: other.suffix(random.index(other.count + 1)))
        }
    }
}
