internal import Bytes
internal import Catalog
internal import Records

/// Holds encoded keys against a table's key columns, so that a key that cannot exist is told from a row that does not.
struct KeyShape: Sendable {
    let table: String
    let columns: [KeyColumn]
    private let types: [ValueType]

    init(of table: TableEntry) {
        self.table = table.name
        columns = table.keyColumns
        types = columns.map(\.type)
    }

    /// Checks a key of every column, or of all but the last `missing`.
    func check(_ key: UnsafeRawBufferPointer, missing: Int = 0) throws(TablesError) {
        let count = try columnCount(ofPrefix: key)
        guard count == types.count - missing else {
            let names = columns.dropLast(missing).map(\.name).joined(separator: ", ")
            throw wrong("a key of table \(table) has the columns (\(names)), not \(count) of them")
        }
    }

    /// How many leading key columns these bytes are the encoding of.
    func columnCount(ofPrefix prefix: UnsafeRawBufferPointer) throws(TablesError) -> Int {
        var reader = ByteReader(prefix)
        var count = 0
        while let code = reader.peekByte() {
            guard count < types.count else {
                throw wrong("a key of table \(table) has no more than \(columns.count) columns")
            }
            guard KeyShape.isCode(code, of: types[count]) else {
                let column = columns[count]
                throw wrong("key column \(column.name) of table \(table) is \(column.type.rawValue)")
            }
            do {
                try reader.skipTupleElement()
            } catch {
                throw wrong("key column \(columns[count].name) of table \(table): \(error.message)")
            }
            count += 1
        }
        return count
    }

    private func wrong(_ message: String) -> TablesError {
        TablesError(.wrongKey, message)
    }

    private static func isCode(_ code: UInt8, of type: ValueType) -> Bool {
        if code == TupleCode.null { return true }
        switch type {
        case .bool: return code == TupleCode.no || code == TupleCode.yes
        case .int64, .timestamp: return code >= TupleCode.zero - 8 && code <= TupleCode.zero + 8
        case .double: return code == TupleCode.double
        case .string: return code == TupleCode.string
        case .bytes: return code == TupleCode.bytes
        }
    }
}
