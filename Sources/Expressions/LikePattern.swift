/// A pattern of LIKE: `%` stands for any text, `_` for one character, and a backslash takes what follows as it is.
struct LikePattern {
    private enum Step {
        case byte(UInt8)
        case character
        case anything
    }

    private var steps: [Step] = []

    init(_ pattern: UnsafeRawBufferPointer) {
        var isEscaped = false
        for byte in pattern {
            if isEscaped {
                steps.append(.byte(byte))
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "%") {
                steps.append(.anything)
            } else if byte == UInt8(ascii: "_") {
                steps.append(.character)
            } else {
                steps.append(.byte(byte))
            }
        }
        if isEscaped { steps.append(.byte(UInt8(ascii: "\\"))) }
    }

    /// Goes back only to the last `%`, which is enough: whatever an earlier one could take, the last can as well.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var step = 0
        var position = 0
        var retry: (step: Int, position: Int)?
        while position < text.count {
            if step < steps.count {
                switch steps[step] {
                case .anything:
                    retry = (step, position)
                    step += 1
                    continue
                case .character:
                    step += 1
                    position = Self.end(ofCharacterAt: position, text)
                    continue
                case .byte(let byte) where byte == text[position]:
                    step += 1
                    position += 1
                    continue
                case .byte: break
                }
            }
            guard let last = retry else { return false }
            position = Self.end(ofCharacterAt: last.position, text)
            retry = (last.step, position)
            step = last.step + 1
        }
        return steps[step...].allSatisfy { if case .anything = $0 { true } else { false } }
    }

    private static func end(ofCharacterAt position: Int, _ text: UnsafeRawBufferPointer) -> Int {
        var end = position + 1
        while end < text.count, text[end] & 0xc0 == 0x80 { end += 1 }
        return end
    }
}
