internal import Bytes
internal import Catalog
internal import RPC
internal import Records

/// A table as its descriptor tells of it: how keys are written and rows are read.
struct ServedTable: Sendable {
    typealias NamedColumn = (name: String, type: ValueType)

    let name: String
    let keyColumns: [NamedColumn]
    private(set) var valueColumns: [NamedColumn]
    let hasPanes: Bool
    private var rows: RowReader
    private let states: [StoredState]

    private enum RowReader {
        case columns(RowLayout, numbers: [Int])
        case states([StoredState])
    }

    init(_ descriptor: WireTableDescriptor) throws {
        name = descriptor.name
        keyColumns = try descriptor.keyColumns.map { ($0.name, try valueType($0.type)) }
        valueColumns = try descriptor.columns.map { ($0.name, try valueType($0.type)) }
        hasPanes = descriptor.paneMicroseconds > 0
        rows = .columns(
            RowLayout(columns: try descriptor.columns.map { (Int($0.number), $0.name, try valueType($0.type)) }),
            numbers: descriptor.columns.map { Int($0.number) })
        states = try descriptor.states.map { state in
            StoredState(
                number: Int(state.number), name: state.name,
                type: state.monoid.isEmpty ? try state.types.first.map { try valueType($0) } : nil)
        }
    }

    /// A table of this process.
    init(_ entry: TableEntry) {
        name = entry.name
        keyColumns = entry.keyColumns.map { ($0.name, $0.type) }
        valueColumns = entry.columns.map { ($0.name, $0.type) }
        hasPanes = entry.pane != nil
        rows = .columns(
            RowLayout(columns: entry.columns.map { ($0.number, $0.name, $0.type) }),
            numbers: entry.columns.map(\.number))
        states = []
    }

    /// The table with its states in place of columns.
    var raw: ServedTable {
        var table = self
        table.rows = .states(states)
        table.valueColumns = states.map { ($0.name, $0.type ?? .bytes) }
        return table
    }

    /// The table with some of its columns, and their numbers.
    func selecting(_ names: [String]) throws -> (ServedTable, numbers: [UInt32]) {
        let places = try names.map { name in
            guard let place = valueColumns.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) else {
                let isKey = keyColumns.contains { $0.name.lowercased() == name.lowercased() }
                throw CommandError(
                    isKey
                        ? "\(name) is a key column of table \(self.name), which comes with every row; --columns names others"
                        : "table \(self.name) has no column \(name); there are "
                            + valueColumns.map(\.name).joined(separator: ", "))
            }
            return place
        }
        var table = self
        table.valueColumns = places.map { valueColumns[$0] }
        let numbers: [Int]
        switch rows {
        case .columns(_, let all):
            numbers = places.map { all[$0] }
            table.rows = .columns(
                RowLayout(columns: zip(numbers, table.valueColumns).map { ($0, $1.name, $1.type) }), numbers: numbers)
        case .states(let all):
            numbers = places.map { all[$0].number }
            table.rows = .states(places.map { all[$0] })
        }
        return (table, numbers.map { UInt32($0) })
    }

    var allColumns: [NamedColumn] { keyColumns + valueColumns }

    /// All key columns but `window_start`, which a fold goes over.
    var foldColumns: [NamedColumn] { hasPanes ? Array(keyColumns.dropLast()) : keyColumns }

    /// The encoded key and its values.
    func key(_ text: String) throws -> (bytes: [UInt8], values: [Value]) {
        let values = try parse(text, keyColumns)
        return (try encode(values), values)
    }

    /// The leading key columns that `text` gives values for.
    func prefix(_ text: String) throws -> (bytes: [UInt8], columnCount: Int) {
        let values = try parse(text, keyColumns, allowsPrefix: true)
        return (try encode(values), values.count)
    }

    /// A bound of a scan: some of the key columns that follow those of the prefix.
    func bound(_ text: String, after prefixColumns: Int) throws -> [UInt8] {
        guard prefixColumns < keyColumns.count else {
            throw CommandError("the prefix is a whole key already: --from and --to have no column to continue it with")
        }
        return try encode(parse(text, Array(keyColumns[prefixColumns...]), allowsPrefix: true))
    }

    func foldKey(_ text: String) throws -> (bytes: [UInt8], values: [Value]) {
        guard hasPanes else {
            throw CommandError("\(name) has no panes to combine; `maser get \(name) KEY` reads its rows")
        }
        let values = try parse(text, foldColumns)
        return (try encode(values), values)
    }

    func keyValues(_ key: UnsafeRawBufferPointer) throws -> [Value] {
        try decodeKey(key, types: keyColumns.map(\.type))
    }

    func rowValues(_ message: UnsafeRawBufferPointer) throws -> [Value] {
        switch rows {
        case .columns(let layout, _): try layout.decode(message)
        case .states(let states): try StoredState.values(of: states, in: message)
        }
    }

    private func parse(_ text: String, _ columns: [NamedColumn], allowsPrefix: Bool = false) throws -> [Value] {
        do {
            return try KeyText.parse(text, columns: columns, allowsPrefix: allowsPrefix)
        } catch {
            throw CommandError("table \(name): \(error)")
        }
    }

    private func encode(_ values: [Value]) throws -> [UInt8] {
        var writer = ByteWriter()
        try encodeKey(values, into: &writer)
        return writer.bytes
    }
}

/// A state of a raw row: shown as its field is encoded, for only its monoid knows what it means.
struct StoredState: Sendable {
    let number: Int
    let name: String
    /// Of a plain column, which is stored as it is presented.
    let type: ValueType?

    static func values(of states: [StoredState], in message: UnsafeRawBufferPointer) throws -> [Value] {
        var values = [Value](repeating: .null, count: states.count)
        var fields = ProtobufReader(message)
        while let field = try fields.next() {
            for (place, state) in states.enumerated() where state.number == field.number {
                values[place] = state.value(field)
            }
        }
        return values
    }

    private func value(_ field: ProtobufField) -> Value {
        switch (field.wireType, type) {
        case (.varint, .bool?): .bool(field.bits != 0)
        case (.varint, .timestamp?): .timestamp(field.int64)
        case (.varint, _), (.fixed32, _): .int64(field.int64)
        case (.fixed64, _): .double(field.double)
        case (.lengthDelimited, .string?): .string(String(decoding: field.bytes, as: UTF8.self))
        case (.lengthDelimited, _): .bytes([UInt8](field.bytes))
        }
    }
}
