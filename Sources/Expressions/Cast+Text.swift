import Records

/// Casts from STRING and to STRING.
extension Cast {
    static func parse(_ operand: Vector, as type: ValueType) -> Vector {
        var nulls = operand.column.nulls
        let storage: Column.Storage
        switch type {
        case .bool: storage = .bool(parse(operand, &nulls, absent: false) { bool($0) })
        case .int64: storage = .int64(parse(operand, &nulls, absent: 0) { NumberText.int64($0) })
        case .double: storage = .double(parse(operand, &nulls, absent: 0) { NumberText.double($0) })
        case .timestamp: storage = .int64(parse(operand, &nulls, absent: 0) { Timestamp.parse($0) })
        case .string, .bytes: return operand.retyped(type)
        }
        return Vector(Column(type: type, storage: storage, nulls: nulls), isConstant: operand.isConstant)
    }

    @inline(__always)
    private static func parse<R>(
        _ operand: Vector, _ nulls: inout [Bool]?, absent: R, _ body: (UnsafeRawBufferPointer) -> R?
    ) -> [R] {
        let parsed = Lane(mapTexts(operand, body), isConstant: operand.isConstant)
        return mapPartial(parsed, &nulls) { ($0 ?? absent, $0 == nil) }
    }

    static func bool(_ text: UnsafeRawBufferPointer) -> Bool? {
        guard text.count == 4 || text.count == 5 else { return nil }
        let lowercased = text.map { $0 | 0x20 }
        return lowercased.elementsEqual("true".utf8) ? true : lowercased.elementsEqual("false".utf8) ? false : nil
    }

    static func format(_ operand: Vector) -> Vector {
        switch operand.type {
        case .bool: return format(operand, operand.bools.values) { $0 ? "true" : "false" }
        case .int64: return format(operand, operand.int64s.values) { String($0) }
        case .double: return format(operand, operand.doubles.values) { text(of: $0) }
        case .timestamp: return format(operand, operand.int64s.values) { Timestamp.format($0) }
        case .string: return operand
        case .bytes:
            return operand.withTexts { texts in
                buildTexts(.string, [operand]) { row, arena in
                    guard let string = String(validating: texts[row], as: UTF8.self) else { return false }
                    arena.append(contentsOf: string.utf8)
                    return true
                }
            }
        }
    }

    @inline(__always)
    private static func format<T>(_ operand: Vector, _ values: [T], _ body: (T) -> String) -> Vector {
        buildTexts(.string, [operand]) { row, arena in
            arena.append(contentsOf: body(values[row]).utf8)
            return true
        }
    }

    /// The shortest text that reads back as the same DOUBLE.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.description
    }
}
