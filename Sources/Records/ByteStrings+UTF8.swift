internal import CSimdJSON

extension ByteStrings {
    /// The first that is not UTF-8; nil where all are.
    package var firstNotUTF8: Int? {
        let isWhole = arena.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { maser_utf8_is_valid($0, bytes.count) == 1 } ?? true
        }
        // A whole that is UTF-8 has only to be cut between characters.
        if isWhole {
            var start = 0
            for (index, end) in ends.enumerated() {
                if start < arena.count, arena[start] & 0xc0 == 0x80, start < end { return index }
                // A string that ends within a character.
                if end > start, end < arena.count, arena[end] & 0xc0 == 0x80 { return index }
                start = end
            }
            return nil
        }
        return ends.indices.first { index in
            arena[range(at: index)].withUnsafeBufferPointer { bytes in
                bytes.baseAddress.map { maser_utf8_is_valid($0, bytes.count) == 0 } ?? false
            }
        }
    }
}
