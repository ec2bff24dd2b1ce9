internal import CSimdJSON

/// The cells of one column, and how they become values of its type.
struct JSONCells {
    let column: InputColumn
    let cells: UnsafeBufferPointer<maser_json_cell>

    /// A column with a value for every cell; NULL where a failure is added.
    func decode(_ failures: inout Failures) -> Column {
        var nulls = Nulls(count: cells.count)
        let storage: Column.Storage =
            switch column.type {
            case .bool: .bool(values(or: false, &nulls, &failures, bool))
            case .int64: .int64(values(or: 0, &nulls, &failures, int64))
            case .timestamp: .int64(values(or: 0, &nulls, &failures, timestamp))
            case .double: .double(values(or: 0, &nulls, &failures, double))
            case .string: .bytes(texts(&nulls, &failures))
            case .bytes: .bytes(decodedTexts(&nulls, &failures))
            }
        return Column(type: column.type, storage: storage, nulls: nulls.rows)
    }

    /// Made with the first of them, for most columns have none.
    private struct Nulls {
        let count: Int
        private(set) var rows: [Bool]?

        init(count: Int) {
            self.count = count
        }

        mutating func insert(_ row: Int) {
            if rows == nil { rows = [Bool](repeating: false, count: count) }
            rows?[row] = true
        }
    }

    /// `value` answers nil for what does not fit the type.
    @inline(__always)
    private func values<Element>(
        or absent: Element, _ nulls: inout Nulls, _ failures: inout Failures, _ value: (maser_json_cell) -> Element?
    ) -> [Element] {
        [Element](unsafeUninitializedCapacity: cells.count) { out, count in
            for index in 0..<cells.count {
                let cell = cells[index]
                if cell.kind > UInt8(MASER_JSON_NULL.rawValue), let value = value(cell) {
                    out.initializeElement(at: index, to: value)
                } else {
                    out.initializeElement(at: index, to: absent)
                    leaveOut(index, &nulls, &failures)
                }
            }
            count = cells.count
        }
    }

    private func leaveOut(_ index: Int, _ nulls: inout Nulls, _ failures: inout Failures) {
        nulls.insert(index)
        let cell = cells[index]
        if cell.kind > UInt8(MASER_JSON_NULL.rawValue) { failures.add(index, reason(cell)) }
    }

    private func texts(_ nulls: inout Nulls, _ failures: inout Failures) -> ByteStrings {
        var total = 0
        let ends = [Int](unsafeUninitializedCapacity: cells.count) { ends, count in
            for index in 0..<cells.count {
                let cell = cells[index]
                if cell.kind == UInt8(MASER_JSON_STRING.rawValue) {
                    total += Int(cell.length)
                } else {
                    leaveOut(index, &nulls, &failures)
                }
                ends.initializeElement(at: index, to: total)
            }
            count = cells.count
        }
        let slack = Int(MASER_JSON_STRING_PADDING)
        let arena = [UInt8](unsafeUninitializedCapacity: total + slack) { arena, count in
            if let start = arena.baseAddress { copyTexts(to: UnsafeMutableRawPointer(start)) }
            count = total
        }
        return ByteStrings(arena: arena, ends: ends)
    }

    /// Sixteen bytes at a time, for most texts are short: what is too much, the next one overwrites.
    private func copyTexts(to target: UnsafeMutableRawPointer) {
        var target = target
        for cell in cells where cell.kind == UInt8(MASER_JSON_STRING.rawValue) {
            let length = Int(cell.length)
            guard let source = UnsafeRawPointer(bitPattern: UInt(cell.bits)) else { continue }
            for offset in stride(from: 0, to: length, by: 16) {
                let bytes = source.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
                target.storeBytes(of: bytes, toByteOffset: offset, as: SIMD16<UInt8>.self)
            }
            target += length
        }
    }

    private func decodedTexts(_ nulls: inout Nulls, _ failures: inout Failures) -> ByteStrings {
        var decoded = ByteStrings()
        for index in 0..<cells.count {
            let cell = cells[index]
            if cell.kind == UInt8(MASER_JSON_STRING.rawValue), let value = Base64.decode(cell.text) {
                decoded.append(value)
            } else {
                leaveOut(index, &nulls, &failures)
                decoded.append([])
            }
        }
        return decoded
    }

    /// NULL for null, nil for what does not fit the type.
    func value(at index: Int) -> Value? {
        let cell = cells[index]
        if cell.kind <= UInt8(MASER_JSON_NULL.rawValue) { return .null }
        return value(of: cell)
    }

    /// nil for what is no string.
    func text(at index: Int) -> Value? {
        guard cells[index].kind == MASER_JSON_STRING.rawValue else { return nil }
        return .string(String(decoding: cells[index].text, as: UTF8.self))
    }

    private func value(of cell: maser_json_cell) -> Value? {
        switch column.type {
        case .bool: bool(cell).map { .bool($0) }
        case .int64: int64(cell).map { .int64($0) }
        case .double: double(cell).map { .double($0) }
        case .timestamp: timestamp(cell).map { .timestamp($0) }
        case .string:
            cell.kind == MASER_JSON_STRING.rawValue ? .string(String(decoding: cell.text, as: UTF8.self)) : nil
        case .bytes: cell.kind == MASER_JSON_STRING.rawValue ? Base64.decode(cell.text).map { .bytes($0) } : nil
        }
    }

    private func bool(_ cell: maser_json_cell) -> Bool? {
        switch UInt32(cell.kind) {
        case MASER_JSON_FALSE.rawValue: false
        case MASER_JSON_TRUE.rawValue: true
        default: nil
        }
    }

    private func int64(_ cell: maser_json_cell) -> Int64? {
        if cell.kind == MASER_JSON_INT64.rawValue { return Int64(bitPattern: cell.bits) }
        guard cell.kind == MASER_JSON_DOUBLE.rawValue else { return nil }
        return NumberText.integral(Double(bitPattern: cell.bits))
    }

    private func double(_ cell: maser_json_cell) -> Double? {
        switch UInt32(cell.kind) {
        case MASER_JSON_DOUBLE.rawValue: Double(bitPattern: cell.bits)
        case MASER_JSON_INT64.rawValue: Double(Int64(bitPattern: cell.bits))
        case MASER_JSON_UINT64.rawValue: Double(cell.bits)
        default: nil
        }
    }

    private func timestamp(_ cell: maser_json_cell) -> Int64? {
        if cell.kind == MASER_JSON_STRING.rawValue { return Timestamp.parse(cell.text) }
        guard let unit = column.unit else { return nil }
        if cell.kind == MASER_JSON_INT64.rawValue { return Timestamp.convert(Int64(bitPattern: cell.bits), unit) }
        return double(cell).flatMap { Timestamp.convert($0, unit) }
    }

    func reason(_ cell: maser_json_cell) -> String {
        let found: String =
            switch UInt32(cell.kind) {
            case MASER_JSON_FALSE.rawValue: "false"
            case MASER_JSON_TRUE.rawValue: "true"
            case MASER_JSON_INT64.rawValue: "the number \(Int64(bitPattern: cell.bits))"
            case MASER_JSON_UINT64.rawValue: "the number \(cell.bits)"
            case MASER_JSON_DOUBLE.rawValue: "the number \(Double(bitPattern: cell.bits))"
            case MASER_JSON_STRING.rawValue: "the string \(excerpt(cell.text))"
            case MASER_JSON_ARRAY.rawValue: "an array"
            case MASER_JSON_OBJECT.rawValue: "an object"
            default: "no object on the way to \(column.path.joined(separator: "."))"
            }
        return "column \(column.name): expected \(expectation), found \(found)"
    }

    private var expectation: String {
        column.type == .string ? "STRING" : ValueParser(type: column.type, unit: column.unit).expectation
    }
}

extension maser_json_cell {
    /// Of a string: its bytes, as long as there are the cell's document and what was decoded of it.
    var text: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: UInt(bits)), count: Int(length))
    }
}

extension RecordDecoder {
    func decodeJSON(_ values: ByteStrings, _ paths: JSONPaths) -> DecodedRecords {
        paths.decode(values) { cells, errors in
            var failures = Failures()
            for record in 0..<values.count where errors[record] != 0 {
                failures.add(record, notJSON(errors[record]))
            }
            let columns = needed.indices.map { index in
                JSONCells(
                    column: schema[needed[index]],
                    cells: UnsafeBufferPointer(rebasing: cells[index * values.count..<(index + 1) * values.count])
                ).decode(&failures)
            }
            return failures.leaveOut(of: columns, count: values.count)
        }
    }
}

func notJSON(_ error: Int32) -> String {
    let reason = String(cString: maser_json_error(error))
    return error >= MASER_JSON_NOT_AN_OBJECT ? "the JSON is of the wrong kind: \(reason)" : "not JSON: \(reason)"
}
