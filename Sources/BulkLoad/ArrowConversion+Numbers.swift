internal import CArrow
internal import Records

extension ArrowConversion {
    /// INT64 and DOUBLE, and TIMESTAMP from integers whose unit the table knows.
    func numbers(_ cells: ArrowCells) throws(Misfit) -> Column.Storage {
        switch (type, column.type) {
        case (.integer(64, false), .double):
            return .double(cells.values(UInt64.self).map { Double($0) })
        case (.integer(let bits, let isSigned), .double):
            return .double(integers(cells, bits: bits, isSigned: isSigned).map { Double($0) })
        case (.integer(let bits, let isSigned), _):
            let values = integers(cells, bits: bits, isSigned: isSigned)
            // What does not fit has turned negative.
            if bits == 64, !isSigned, let row = firstRow(of: cells, where: { values[$0] < 0 }) {
                throw Misfit(row: row, reason: "\(UInt64(bitPattern: values[row])) is beyond INT64")
            }
            return .int64(column.type == .timestamp ? try counted(values, cells) : values)
        case (.half, _):
            return .double(cells.values(UInt16.self).map(Self.double(half:)))
        case (.float, _):
            return .double(cells.values(Float.self).map { Double($0) })
        case (.double, _):
            return .double(cells.values(Double.self))
        case (.decimal(let bits, let scale), .int64):
            return .int64(try decimals(cells, bits: bits, scale: scale) { $0.int64 })
        case (.decimal(let bits, let scale), _):
            return .double(try decimals(cells, bits: bits, scale: scale) { $0.double })
        default:
            throw Misfit(row: 0, reason: "it has no numbers")
        }
    }

    /// Of 64 bits without a sign the same bits.
    func integers(_ cells: ArrowCells, bits: Int, isSigned: Bool) -> [Int64] {
        switch (bits, isSigned) {
        case (8, true): widened(cells.values(Int8.self))
        case (8, false): widened(cells.values(UInt8.self))
        case (16, true): widened(cells.values(Int16.self))
        case (16, false): widened(cells.values(UInt16.self))
        case (32, true): widened(cells.values(Int32.self))
        case (32, false): widened(cells.values(UInt32.self))
        default: cells.values(Int64.self)
        }
    }

    private func widened<Value: FixedWidthInteger>(_ values: [Value]) -> [Int64] {
        values.map { Int64(truncatingIfNeeded: $0) }
    }

    /// The first row that is not NULL and for which the condition holds.
    func firstRow(of cells: ArrowCells, where condition: (Int) -> Bool) -> Int? {
        (0..<cells.count).first { condition($0) && cells.nulls?[$0] != true }
    }

    // MARK: Times, in microseconds since 1970

    func times(_ cells: ArrowCells) throws(Misfit) -> [Int64] {
        switch type {
        case .date32: try scaled(widened(cells.values(Int32.self)), by: 86_400_000_000, cells)
        case .date64, .timestamp(.milliseconds): try scaled(cells.values(Int64.self), by: 1000, cells)
        case .timestamp(.seconds): try scaled(cells.values(Int64.self), by: 1_000_000, cells)
        case .timestamp(.nanoseconds): cells.values(Int64.self).map(Self.microseconds(nanoseconds:))
        default: cells.values(Int64.self)
        }
    }

    private func counted(_ values: [Int64], _ cells: ArrowCells) throws(Misfit) -> [Int64] {
        switch column.unit {
        case .seconds: try scaled(values, by: 1_000_000, cells)
        case .milliseconds: try scaled(values, by: 1000, cells)
        case .nanoseconds: values.map(Self.microseconds(nanoseconds:))
        case .microseconds, nil: values
        }
    }

    private func scaled(_ values: [Int64], by factor: Int64, _ cells: ArrowCells) throws(Misfit) -> [Int64] {
        var overflows = false
        let scaled = values.map { value in
            let (product, isBeyond) = value.multipliedReportingOverflow(by: factor)
            overflows = overflows || isBeyond
            return product
        }
        if overflows,
            let row = firstRow(of: cells, where: { values[$0].multipliedReportingOverflow(by: factor).overflow })
        {
            throw Misfit(row: row, reason: "\(values[row]) is a time beyond TIMESTAMP")
        }
        return scaled
    }

    /// Towards the past, so that order stays.
    private static func microseconds(nanoseconds: Int64) -> Int64 {
        let whole = nanoseconds / 1000
        return nanoseconds % 1000 < 0 ? whole - 1 : whole
    }

    // MARK: Halves and decimals

    /// Swift has a Float16 not on every machine.
    static func double(half bits: UInt16) -> Double {
        let fraction = Double(bits & 0x3ff)
        let exponent = Int(bits >> 10 & 0x1f)
        let magnitude: Double =
            switch exponent {
            case 0: Double(sign: .plus, exponent: -24, significand: fraction)
            case 0x1f: fraction == 0 ? .infinity : .nan
            default: Double(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
            }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    private func decimals<Value: ExpressibleByIntegerLiteral>(
        _ cells: ArrowCells, bits: Int, scale: Int, _ value: (ArrowDecimal) -> Value?
    ) throws(Misfit) -> [Value] {
        guard let start = cells.buffer(1) else { return [Value](repeating: 0, count: cells.count) }
        let width = bits / 8
        var values: [Value] = []
        values.reserveCapacity(cells.count)
        for row in 0..<cells.count {
            if cells.nulls?[row] == true {
                values.append(0)
                continue
            }
            let digits = UnsafeRawBufferPointer(start: start + (cells.offset + row) * width, count: width)
            let decimal = ArrowDecimal(littleEndian: digits, scale: scale)
            guard let value = value(decimal) else {
                throw Misfit(row: row, reason: "\(decimal.text) is beyond \(column.type.rawValue)")
            }
            values.append(value)
        }
        return values
    }
}
