import Records

/// The functions over STRING. No argument is a constant NULL here: `ScalarFunction.apply` has answered then.
enum StringFunctions {
    static func changeCase(_ operand: Vector, toUpper: Bool) -> Vector {
        let first = UInt8(ascii: toUpper ? "a" : "A")
        return operand.withTexts { texts in
            buildTexts(.string, [operand]) { row, arena in
                let text = texts[row]
                let start = arena.count
                for byte in text {
                    guard byte < 0x80 else {
                        arena.removeSubrange(start...)
                        let string = String(decoding: text, as: UTF8.self)
                        arena.append(contentsOf: (toUpper ? string.uppercased() : string.lowercased()).utf8)
                        return true
                    }
                    arena.append(byte &- first < 26 ? byte ^ 0x20 : byte)
                }
                return true
            }
        }
    }

    static func trim(_ operand: Vector, start trimsStart: Bool, end trimsEnd: Bool) -> Vector {
        operand.withTexts { texts in
            buildTexts(.string, [operand]) { row, arena in
                let text = texts[row]
                var start = 0
                var end = text.count
                while trimsStart, start < end, text[start] == UInt8(ascii: " ") { start += 1 }
                while trimsEnd, start < end, text[end - 1] == UInt8(ascii: " ") { end -= 1 }
                arena.append(contentsOf: text[start..<end])
                return true
            }
        }
    }

    static func length(_ operand: Vector) -> Vector {
        let values =
            operand.type == .bytes
            ? mapTexts(operand) { Int64($0.count) } : mapTexts(operand) { Int64(characters($0)) }
        return Vector(
            Column(type: .int64, storage: .int64(values), nulls: operand.column.nulls), isConstant: operand.isConstant)
    }

    static func substring(_ operand: Vector, from first: Vector, count: Vector?) -> Vector {
        let firsts = first.int64s.values
        let firstMask = first.isConstant ? 0 : -1
        let counts = count?.int64s.values
        let countMask = count?.isConstant == true ? 0 : -1
        return operand.withTexts { texts in
            buildTexts(.string, [operand, first] + (count.map { [$0] } ?? [])) { row, arena in
                let text = texts[row]
                let first = firsts[row & firstMask]
                var beyond = Int64.max
                if let counts {
                    let count = counts[row & countMask]
                    if count < 0 { return false }
                    let (sum, overflows) = first.addingReportingOverflow(count)
                    if !overflows { beyond = sum }
                }
                var character: Int64 = 0
                for byte in text {
                    if byte & 0xc0 != 0x80 { character += 1 }
                    if character >= beyond { break }
                    if character >= first { arena.append(byte) }
                }
                return true
            }
        }
    }

    static func concat(_ operands: [Vector], _ type: ValueType) -> Vector {
        let strings = operands.map(\.strings)
        let masks = operands.map { $0.isConstant ? 0 : -1 }
        return buildTexts(type, operands) { row, arena in
            for (index, string) in strings.enumerated() { arena.append(contentsOf: string[row & masks[index]]) }
            return true
        }
    }

    static func replace(_ operand: Vector, _ old: Vector, by new: Vector) -> Vector {
        operand.withTexts { texts in
            old.withTexts { olds in
                new.withTexts { news in
                    buildTexts(.string, [operand, old, new]) { row, arena in
                        let text = texts[row]
                        let old = olds[row]
                        var position = 0
                        while let found = find(old, in: text, from: position), !old.isEmpty {
                            arena.append(contentsOf: text[position..<found])
                            arena.append(contentsOf: news[row])
                            position = found + old.count
                        }
                        arena.append(contentsOf: text[position...])
                        return true
                    }
                }
            }
        }
    }

    static func position(_ operand: Vector, of sought: Vector) -> Vector {
        let values = mapTexts(operand, sought) { text, sought -> Int64 in
            guard let found = find(sought, in: text, from: 0) else { return 0 }
            return Int64(characters(UnsafeRawBufferPointer(rebasing: text[..<found]))) + 1
        }
        return Vector(
            Column(type: .int64, storage: .int64(values), nulls: Vector.nulls([operand, sought])),
            isConstant: operand.isConstant && sought.isConstant)
    }

    static func startsWith(_ operand: Vector, _ prefix: Vector) -> Vector {
        condition(operand, prefix) { $0.starts(with: $1) }
    }

    static func endsWith(_ operand: Vector, _ suffix: Vector) -> Vector {
        condition(operand, suffix) { $0.suffix($1.count).elementsEqual($1) }
    }

    static func like(_ operand: Vector, _ pattern: Vector) -> Vector {
        guard pattern.isConstant else { return condition(operand, pattern) { LikePattern($1).matches($0) } }
        let compiled = pattern.withTexts { LikePattern($0[0]) }
        return condition(operand, pattern) { text, _ in compiled.matches(text) }
    }

    @inline(__always)
    private static func condition(
        _ left: Vector, _ right: Vector, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) -> Vector {
        Vector(
            Column(type: .bool, storage: .bool(mapTexts(left, right, body)), nulls: Vector.nulls([left, right])),
            isConstant: left.isConstant && right.isConstant)
    }

    @inline(__always)
    private static func characters(_ text: UnsafeRawBufferPointer) -> Int {
        text.reduce(0) { $1 & 0xc0 == 0x80 ? $0 : $0 + 1 }
    }

    private static func find(
        _ sought: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int
    ) -> Int? {
        guard text.count - start >= sought.count else { return nil }
        return (start...text.count - sought.count).first { text[$0..<($0 + sought.count)].elementsEqual(sought) }
    }
}
