internal import CSimdJSON

/// Finds the key of a JSON record in one of its fields, for a category that is bucketed BY it.
///
/// The key is the field's text: a string's characters, a number as JSON writes it (an integral one without a fraction),
/// `true` or `false`. So records that mean the same key have the same bytes, and clients of any language find the same.
package struct RecordKeyFinder: Sendable {
    private let paths: JSONPaths

    package init(field: String) {
        paths = JSONPaths([[field]])
    }

    /// A key for each record; `isAbsent` where it has none, or is no JSON object: such a record is somebody
    /// else's to judge.
    package func find(in records: ByteStrings) -> (keys: ByteStrings, isAbsent: [Bool]) {
        paths.decode(records) { cells, errors in
            var keys = ByteStrings()
            var isAbsent = [Bool](repeating: false, count: records.count)
            for index in 0..<records.count {
                isAbsent[index] = errors[index] != 0 || !append(cells[index], to: &keys)
                if isAbsent[index] { keys.append([]) }
            }
            return (keys, isAbsent)
        }
    }

    private func append(_ cell: maser_json_cell, to keys: inout ByteStrings) -> Bool {
        switch UInt32(cell.kind) {
        case MASER_JSON_STRING.rawValue: keys.append(cell.text)
        case MASER_JSON_INT64.rawValue: keys.append("\(Int64(bitPattern: cell.bits))".utf8)
        case MASER_JSON_UINT64.rawValue: keys.append("\(cell.bits)".utf8)
        case MASER_JSON_DOUBLE.rawValue:
            let number = Double(bitPattern: cell.bits)
            if let integral = NumberText.integral(number) {
                keys.append("\(integral)".utf8)
            } else {
                keys.append(JSONText.text(of: .double(number)).utf8)
            }
        case MASER_JSON_FALSE.rawValue: keys.append("false".utf8)
        case MASER_JSON_TRUE.rawValue: keys.append("true".utf8)
        default: return false
        }
        return true
    }
}
