import Records

// Loops over STRING and BYTES. A row's bytes are seen where they stand; results go to one arena.

/// The strings of a vector, in place.
struct Texts {
    let arena: UnsafeRawBufferPointer
    let ends: UnsafeBufferPointer<Int>
    /// 0 for a constant: every row then reads index 0.
    let mask: Int

    @inline(__always)
    subscript(row: Int) -> UnsafeRawBufferPointer {
        let index = row & mask
        let start = index == 0 ? 0 : ends[index - 1]
        return UnsafeRawBufferPointer(rebasing: arena[start..<ends[index]])
    }
}

extension Vector {
    @inline(__always)
    func withTexts<R>(_ body: (Texts) -> R) -> R {
        let strings = strings
        return strings.arena.withUnsafeBytes { arena in
            strings.ends.withUnsafeBufferPointer { ends in
                body(Texts(arena: arena, ends: ends, mask: isConstant ? 0 : -1))
            }
        }
    }
}

@inline(__always)
func mapTexts<R>(_ a: Vector, _ body: (UnsafeRawBufferPointer) -> R) -> [R] {
    let rows = a.column.count
    return a.withTexts { a in
        [R](unsafeUninitializedCapacity: rows) { out, count in
            for row in 0..<rows { out.initializeElement(at: row, to: body(a[row])) }
            count = rows
        }
    }
}

@inline(__always)
func mapTexts<R>(_ a: Vector, _ b: Vector, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R) -> [R] {
    let rows = Vector.extent([a, b]).rows
    return a.withTexts { a in
        b.withTexts { b in
            [R](unsafeUninitializedCapacity: rows) { out, count in
                for row in 0..<rows { out.initializeElement(at: row, to: body(a[row], b[row])) }
                count = rows
            }
        }
    }
}

/// A STRING or BYTES vector over `operands`: `body` appends a row's result, and returns false where there is none. It is
/// not asked for a row in which an operand is NULL.
@inline(__always)
func buildTexts(_ type: ValueType, _ operands: [Vector], _ body: (Int, inout [UInt8]) -> Bool) -> Vector {
    let extent = Vector.extent(operands)
    var nulls = Vector.nulls(operands) ?? [Bool](repeating: false, count: extent.rows)
    var result = ByteStrings()
    result.ends.reserveCapacity(extent.rows)
    for row in 0..<extent.rows {
        if !nulls[row] {
            let start = result.arena.count
            if !body(row, &result.arena) {
                nulls[row] = true
                result.arena.removeSubrange(start...)
            }
        }
        result.ends.append(result.arena.count)
    }
    return Vector(
        Column(type: type, storage: .bytes(result), nulls: nulls.contains(true) ? nulls : nil),
        isConstant: extent.isConstant)
}
