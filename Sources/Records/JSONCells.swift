internal import CSimdJSON

/// The cells of one column, and how they become values of its type.
struct JSONCells {
    let column: InputColumn
    let cells: UnsafeBufferPointer<maser_json_cell>
    let strings: UnsafeRawBufferPointer

    /// A column with a value for every cell; NULL where a failure is added.
    func decode(_ failures: inout Failures) -> Column {
        var builder = ColumnBuilder(type: column.type, capacity: cells.count)
        for index in 0..<cells.count {
            let cell = cells[index]
            if cell.kind <= UInt8(MASER_JSON_NULL.rawValue) {
                builder.appendNull()
            } else if !append(cell, to: &builder) {
                builder.appendNull()
                failures.add(index, reason(cell))
            }
        }
        return builder.finish()
    }

    /// NULL for null, nil for what does not fit the type.
    func value(at index: Int) -> Value? {
        let cell = cells[index]
        if cell.kind <= UInt8(MASER_JSON_NULL.rawValue) { return .null }
        var builder = ColumnBuilder(type: column.type, capacity: 1)
        return append(cell, to: &builder) ? builder.finish().value(at: 0) : nil
    }

    /// nil for what is no string.
    func text(at index: Int) -> Value? {
        guard cells[index].kind == MASER_JSON_STRING.rawValue else { return nil }
        return .string(String(decoding: text(cells[index]), as: UTF8.self))
    }

    @inline(__always)
    private func append(_ cell: maser_json_cell, to builder: inout ColumnBuilder) -> Bool {
        switch column.type {
        case .bool:
            guard cell.kind == MASER_JSON_TRUE.rawValue || cell.kind == MASER_JSON_FALSE.rawValue else { return false }
            builder.append(cell.kind == MASER_JSON_TRUE.rawValue)
        case .int64:
            guard let value = int64(cell) else { return false }
            builder.append(value)
        case .double:
            guard let value = double(cell) else { return false }
            builder.append(value)
        case .timestamp:
            guard let value = timestamp(cell) else { return false }
            builder.append(value)
        case .string:
            guard cell.kind == MASER_JSON_STRING.rawValue else { return false }
            builder.append(text(cell))
        case .bytes:
            guard cell.kind == MASER_JSON_STRING.rawValue, let value = Base64.decode(text(cell)) else { return false }
            builder.append(value)
        }
        return true
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
        if cell.kind == MASER_JSON_STRING.rawValue { return Timestamp.parse(text(cell)) }
        guard let unit = column.unit else { return nil }
        if cell.kind == MASER_JSON_INT64.rawValue { return Timestamp.convert(Int64(bitPattern: cell.bits), unit) }
        return double(cell).flatMap { Timestamp.convert($0, unit) }
    }

    private func text(_ cell: maser_json_cell) -> UnsafeRawBufferPointer {
        let start = Int(cell.bits)
        return UnsafeRawBufferPointer(rebasing: strings[start..<start + Int(cell.length)])
    }

    func reason(_ cell: maser_json_cell) -> String {
        let found: String =
            switch UInt32(cell.kind) {
            case MASER_JSON_FALSE.rawValue: "false"
            case MASER_JSON_TRUE.rawValue: "true"
            case MASER_JSON_INT64.rawValue: "the number \(Int64(bitPattern: cell.bits))"
            case MASER_JSON_UINT64.rawValue: "the number \(cell.bits)"
            case MASER_JSON_DOUBLE.rawValue: "the number \(Double(bitPattern: cell.bits))"
            case MASER_JSON_STRING.rawValue: "the string \(excerpt(text(cell)))"
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

extension RecordDecoder {
    func decodeJSON(_ values: ByteStrings, _ paths: JSONPaths) -> DecodedRecords {
        paths.decode(values) { cells, strings, errors in
            var failures = Failures()
            for record in 0..<values.count where errors[record] != 0 {
                failures.add(record, notJSON(errors[record]))
            }
            let columns = needed.indices.map { index in
                JSONCells(
                    column: schema[needed[index]],
                    cells: UnsafeBufferPointer(rebasing: cells[index * values.count..<(index + 1) * values.count]),
                    strings: strings
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
