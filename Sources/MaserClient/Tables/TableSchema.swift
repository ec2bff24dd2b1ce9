internal import Bytes
internal import RPC
internal import Records
internal import Synchronization

/// What a client has to know of a table to write keys and read rows: its descriptor, prepared.
final class TableSchema: Sendable {
    struct Column: Sendable, Hashable {
        var name: String
        var type: ValueType
    }

    let id: UInt32
    let revision: UInt32
    let name: String
    let keyColumns: [Column]
    let hasPanes: Bool
    /// Of the columns that are no key columns.
    let layout: RowLayout
    /// By lowercased name: key columns first, then the others, as a row has them.
    private let indices: [String: Int]
    /// By the names that were asked for.
    let projections = Mutex<[[String]: Projection]>([:])

    init(
        id: UInt32, revision: UInt32, name: String, keyColumns: [Column], hasPanes: Bool, layout: RowLayout
    ) {
        self.id = id
        self.revision = revision
        self.name = name
        self.keyColumns = keyColumns
        self.hasPanes = hasPanes
        self.layout = layout
        let names = (keyColumns.map(\.name) + layout.fields.map(\.name)).map { $0.lowercased() }
        indices = Dictionary(zip(names, names.indices)) { first, _ in first }
    }

    convenience init(_ descriptor: WireTableDescriptor) throws(ClientError) {
        let columns = try Self.columns(descriptor.columns, of: descriptor.name)
        self.init(
            id: descriptor.id, revision: descriptor.schemaRevision, name: descriptor.name,
            keyColumns: try Self.columns(descriptor.keyColumns, of: descriptor.name),
            hasPanes: descriptor.paneMicroseconds > 0,
            layout: RowLayout(
                columns: zip(descriptor.columns, columns).map { (number: Int($0.number), name: $1.name, type: $1.type) }
            ))
    }

    /// Of what a fold returns: without the last key column, the panes' start, which it goes over.
    var folded: TableSchema {
        TableSchema(
            id: id, revision: revision, name: name, keyColumns: hasPanes ? keyColumns.dropLast() : keyColumns,
            hasPanes: false, layout: layout)
    }

    private static func columns(
        _ descriptors: [WireColumnDescriptor], of table: String
    ) throws(ClientError) -> [Column] {
        var columns: [Column] = []
        for descriptor in descriptors {
            guard let type = ValueType(rawValue: descriptor.type) else {
                throw ClientError(
                    .protocolViolation,
                    "column \(descriptor.name) of table \(table) has the type \(descriptor.type), which this client does not know"
                )
            }
            columns.append(Column(name: descriptor.name, type: type))
        }
        return columns
    }

    /// Names match without case, as in SQL.
    func index(of column: String) -> Int? { indices[column] ?? indices[column.lowercased()] }

    var columnNames: [String] { keyColumns.map(\.name) + layout.fields.map(\.name) }

    // MARK: Keys

    /// A whole key's values; throws where there are too few or too many, or one does not fit its column.
    func keyValues(_ key: [ColumnContent]) throws(ClientError) -> [Value] {
        guard key.count == keyColumns.count else {
            let names = keyColumns.map(\.name).joined(separator: ", ")
            throw ClientError(
                .invalidArgument, "a key of table \(name) has \(keyColumns.count) values (\(names)), not \(key.count)")
        }
        return try leadingValues(key, columns: keyColumns)
    }

    /// The values of some leading columns of `columns`.
    func leadingValues(_ key: [ColumnContent], columns: some Collection<Column>) throws(ClientError) -> [Value] {
        guard key.count <= columns.count else {
            throw ClientError(
                .invalidArgument,
                "\(key.count) values were given for \(columns.count) key columns of table \(name)")
        }
        var values: [Value] = []
        values.reserveCapacity(key.count)
        for (content, column) in zip(key, columns) {
            guard let value = content.value(as: column.type) else {
                throw ClientError(
                    .invalidArgument,
                    "key column \(column.name) of table \(name) is \(column.type.rawValue), not \(content.typeName)")
            }
            values.append(value)
        }
        return values
    }

    static func encode(_ values: [Value]) throws(ClientError) -> [UInt8] {
        var writer = ByteWriter(capacity: 32)
        do throws(RecordsError) {
            try encodeKey(values, into: &writer)
        } catch {
            throw ClientError(.invalidArgument, error.message, cause: error)
        }
        return writer.bytes
    }

    // MARK: Rows

    func row(key: [Value], message: UnsafeRawBufferPointer) throws(ClientError) -> Row {
        do throws(RecordsError) {
            return Row(schema: self, values: key + (try layout.decode(message)))
        } catch {
            throw ClientError(.decoding, "a row of table \(name) cannot be read: \(error.message)", cause: error)
        }
    }

    func row(encodedKey: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer) throws(ClientError) -> Row {
        let key: [Value]
        do throws(RecordsError) {
            key = try decodeKey(encodedKey, types: keyColumns.map(\.type))
        } catch {
            throw ClientError(.decoding, "a key of table \(name) cannot be read: \(error.message)", cause: error)
        }
        return try row(key: key, message: message)
    }
}
