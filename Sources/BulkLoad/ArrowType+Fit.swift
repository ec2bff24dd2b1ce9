internal import Records

extension ArrowType {
    /// Whether a column of this type can become one of the table's. Numbers go where none of them changes but by rounding;
    /// whether a value is beyond INT64 is seen when it is read.
    func fits(_ column: InputColumn) -> Bool {
        if case .null = self { return true }
        if case .dictionary(_, _, let values) = self { return values.fits(column) }
        switch (column.type, self) {
        case (.bool, .bool): return true
        case (.int64, .integer): return true
        case (.int64, .decimal(_, let scale)): return scale <= 0
        case (.double, .integer), (.double, .half), (.double, .float), (.double, .double), (.double, .decimal):
            return true
        // Older writers do not say of their strings that they are text.
        case (.string, .text), (.string, .binary): return true
        case (.bytes, .binary), (.bytes, .text), (.bytes, .fixedBinary): return true
        case (.timestamp, .date32), (.timestamp, .date64), (.timestamp, .timestamp): return true
        case (.timestamp, .integer): return column.unit != nil
        default: return false
        }
    }

    /// What people should know of a column that fits.
    func warning(for column: InputColumn) -> String? {
        switch self {
        case .dictionary(_, _, let values): values.warning(for: column)
        case .decimal where column.type == .double: "decimals become DOUBLE, which keeps 15 to 17 digits of them"
        default: nil
        }
    }
}
