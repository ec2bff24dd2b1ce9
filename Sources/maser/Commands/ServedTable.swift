internal import Bytes
internal import Catalog
internal import RPC
internal import Records

/// A table as its descriptor tells of it: how keys are written and rows are read.
struct ServedTable: Sendable {
    typealias NamedColumn = (name: String, type: ValueType)

    let name: String
    let keyColumns: [NamedColumn]
    let valueColumns: [NamedColumn]
    let hasPanes: Bool
    private let layout: RowLayout

    init(_ descriptor: WireTableDescriptor) throws {
        name = descriptor.name
        keyColumns = try descriptor.keyColumns.map { ($0.name, try valueType($0.type)) }
        valueColumns = try descriptor.columns.map { ($0.name, try valueType($0.type)) }
        hasPanes = descriptor.paneMicroseconds > 0
        layout = RowLayout(
            columns: try descriptor.columns.map { (Int($0.number), $0.name, try valueType($0.type)) })
    }

    /// A table of this process.
    init(_ entry: TableEntry) {
        name = entry.name
        keyColumns = entry.keyColumns.map { ($0.name, $0.type) }
        valueColumns = entry.columns.map { ($0.name, $0.type) }
        hasPanes = entry.pane != nil
        layout = RowLayout(columns: entry.columns.map { ($0.number, $0.name, $0.type) })
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
        try layout.decode(message)
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
