import Records

// The loops that every operator is made of. They are always inlined, and so is the body that is passed to them: what is
// left in each operator is a loop over arrays without calls.

@inline(__always)
func map<A, R>(_ a: Lane<A>, _ body: (A) -> R) -> [R] {
    a.values.withUnsafeBufferPointer { a in
        [R](unsafeUninitializedCapacity: a.count) { out, count in
            for row in 0..<a.count { out.initializeElement(at: row, to: body(a[row])) }
            count = a.count
        }
    }
}

@inline(__always)
func map<A, B, R>(_ a: Lane<A>, _ b: Lane<B>, _ body: (A, B) -> R) -> [R] {
    let rows = a.isConstant ? b.values.count : a.values.count
    return a.values.withUnsafeBufferPointer { x in
        b.values.withUnsafeBufferPointer { y in
            [R](unsafeUninitializedCapacity: rows) { out, count in
                if a.isConstant == b.isConstant {
                    for row in 0..<rows { out.initializeElement(at: row, to: body(x[row], y[row])) }
                } else if b.isConstant {
                    let constant = y[0]
                    for row in 0..<rows { out.initializeElement(at: row, to: body(x[row], constant)) }
                } else {
                    let constant = x[0]
                    for row in 0..<rows { out.initializeElement(at: row, to: body(constant, y[row])) }
                }
                count = rows
            }
        }
    }
}

/// `body` says by its second result where there is none.
@inline(__always)
func mapPartial<A, R>(_ a: Lane<A>, _ nulls: inout [Bool]?, _ body: (A) -> (R, Bool)) -> [R] {
    var missing = nulls ?? [Bool](repeating: false, count: a.values.count)
    let values = missing.withUnsafeMutableBufferPointer { missing in
        a.values.withUnsafeBufferPointer { a in
            [R](unsafeUninitializedCapacity: a.count) { out, count in
                for row in 0..<a.count {
                    let (value, isMissing) = body(a[row])
                    out.initializeElement(at: row, to: value)
                    missing[row] = missing[row] || isMissing
                }
                count = a.count
            }
        }
    }
    nulls = missing.contains(true) ? missing : nil
    return values
}

@inline(__always)
func mapPartial<A, B, R>(_ a: Lane<A>, _ b: Lane<B>, _ nulls: inout [Bool]?, _ body: (A, B) -> (R, Bool)) -> [R] {
    let rows = a.isConstant ? b.values.count : a.values.count
    let maskA = a.isConstant ? 0 : -1
    let maskB = b.isConstant ? 0 : -1
    var missing = nulls ?? [Bool](repeating: false, count: rows)
    let values = missing.withUnsafeMutableBufferPointer { missing in
        a.values.withUnsafeBufferPointer { a in
            b.values.withUnsafeBufferPointer { b in
                [R](unsafeUninitializedCapacity: rows) { out, count in
                    for row in 0..<rows {
                        let (value, isMissing) = body(a[row & maskA], b[row & maskB])
                        out.initializeElement(at: row, to: value)
                        missing[row] = missing[row] || isMissing
                    }
                    count = rows
                }
            }
        }
    }
    nulls = missing.contains(true) ? missing : nil
    return values
}
