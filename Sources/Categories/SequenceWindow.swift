/// Which of a producer's appends have landed, where each has a sequence of its own and they come in any order.
///
/// It remembers the last 1024 below the highest, as IPsec's anti-replay window does (RFC 6479): what is older cannot be
/// told from what landed, and so it is refused.
struct SequenceWindow: Hashable, Sendable {
    static let length: UInt64 = 1024

    enum Admission: Hashable {
        case new
        case duplicate
        case tooOld
    }

    /// 0: nothing has landed. Sequences begin at 1.
    private(set) var highest: UInt64 = 0
    /// One bit for each sequence of the window, at the sequence modulo its length: set where it has not landed. Empty where all
    /// have, which is how it is unless appends overtake each other.
    private(set) var missing: [UInt64] = []

    init() {}

    /// nil where it is none that this type makes.
    init?(highest: UInt64, missing: [UInt64]) {
        guard missing.isEmpty || missing.count == Self.wordCount else { return nil }
        self.highest = highest
        self.missing = missing
    }

    private static let wordCount = Int(length / 64)

    /// Whether the sequence is to land; from then on it has.
    mutating func admit(_ sequence: UInt64) -> Admission {
        if sequence > highest {
            rise(to: sequence)
            return .new
        }
        if highest - sequence >= Self.length { return .tooOld }
        let (word, bit) = Self.place(of: sequence)
        guard !missing.isEmpty, missing[word] & bit != 0 else { return .duplicate }
        clear(sequence)
        return .new
    }

    private mutating func rise(to sequence: UInt64) {
        let skipped = min(sequence - highest - 1, Self.length - 1)
        if skipped > 0 && missing.isEmpty { missing = [UInt64](repeating: 0, count: Self.wordCount) }
        for older in sequence - skipped..<sequence {
            let (word, bit) = Self.place(of: older)
            missing[word] |= bit
        }
        highest = sequence
        clear(sequence)
    }

    private mutating func clear(_ sequence: UInt64) {
        if missing.isEmpty { return }
        let (word, bit) = Self.place(of: sequence)
        missing[word] &= ~bit
        if missing.allSatisfy({ $0 == 0 }) { missing = [] }
    }

    private static func place(of sequence: UInt64) -> (word: Int, bit: UInt64) {
        let index = sequence % length
        return (Int(index / 64), 1 << (index % 64))
    }
}
