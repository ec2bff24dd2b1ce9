import Bytes
import Catalog
import Expressions
import Monoids
import Records
import Tables

/// The tables that the tests use, and their rows.
enum Fixture {
    private static let live = [VersionEntry(number: 1, createdAt: 0, origin: "live")]

    /// Presented as it is stored: COUNT, MAX over INT64.
    static func counts(id: UInt32 = 1, keys: [KeyColumn] = [KeyColumn(name: "k", type: .int64)], shardColumns: Int = 1)
        -> TableEntry
    {
        TableEntry(
            id: id, name: "counts\(id)", keyColumns: keys, shardColumnCount: shardColumns,
            stateFields: [
                StateField(number: 1, name: "count", monoid: .count, types: []),
                StateField(number: 2, name: "max_x", monoid: .maximum, types: [.int64]),
            ],
            aggregates: [
                AggregateColumn(function: .count, stateNumbers: [1], type: .int64),
                AggregateColumn(function: .maximum, stateNumbers: [2], type: .int64),
            ],
            columns: [
                TableColumn(number: 1, name: "n", type: .int64), TableColumn(number: 2, name: "max_x", type: .int64),
            ],
            nextFieldNumber: 3, source: aggregate, sql: "", versions: live, servingVersion: 1, nextVersion: 2)
    }

    /// Panes by carrier and time with an average and an expression over aggregates.
    static func delays(id: UInt32 = 2) -> TableEntry {
        TableEntry(
            id: id, name: "delays",
            keyColumns: [
                KeyColumn(name: "carrier", type: .string), KeyColumn(name: "window_start", type: .timestamp),
            ],
            shardColumnCount: 1,
            stateFields: [
                StateField(number: 1, name: "count", monoid: .count, types: []),
                StateField(number: 2, name: "sum_x", monoid: .sumInt64, types: [.int64]),
                StateField(number: 3, name: "last_y", monoid: .last, types: [.string]),
            ],
            aggregates: [
                AggregateColumn(function: .count, stateNumbers: [1], type: .int64),
                AggregateColumn(function: .averageInt64, stateNumbers: [2, 1], type: .double),
                AggregateColumn(function: .last, stateNumbers: [3], type: .string),
            ],
            columns: [
                TableColumn(number: 1, name: "n", type: .int64),
                TableColumn(number: 4, name: "mean", type: .double, expression: .column(1, .double)),
                TableColumn(
                    number: 5, name: "twice", type: .int64,
                    expression: .arithmetic(.multiply, .column(0, .int64), .literal(.int64(2), .int64))),
                TableColumn(number: 6, name: "last_y", type: .string, expression: .column(2, .string)),
            ],
            nextFieldNumber: 7, pane: Pane(widthMicroseconds: 10), source: aggregate, sql: "", versions: live,
            servingVersion: 1, nextVersion: 2)
    }

    static func aircraft(id: UInt32 = 3, source: TableSource? = nil, versions: [VersionEntry]? = nil) -> TableEntry {
        let versions = versions ?? live
        return TableEntry(
            id: id, name: "aircraft\(id)", keyColumns: [KeyColumn(name: "tailnum", type: .string)], shardColumnCount: 1,
            stateFields: [
                StateField(number: 1, name: "carrier", monoid: nil, types: [.string]),
                StateField(number: 2, name: "seats", monoid: nil, types: [.int64]),
            ],
            aggregates: [],
            columns: [
                TableColumn(number: 1, name: "carrier", type: .string),
                TableColumn(number: 2, name: "seats", type: .int64),
            ],
            nextFieldNumber: 3,
            source: source
                ?? .upsert(UpsertQuery(input: "i", filter: nil, keys: [], values: [], delete: nil)),
            sql: "", versions: versions, servingVersion: versions.last?.number ?? 0, nextVersion: 2)
    }

    private static let aggregate = TableSource.aggregate(
        AggregateQuery(input: "i", filter: nil, keys: [], arguments: []))

    // MARK: Rows

    static func tuple(_ values: Value...) throws -> [UInt8] { try tuple(values) }

    static func tuple(_ values: [Value]) throws -> [UInt8] {
        var writer = ByteWriter()
        try encodeKey(values, into: &writer)
        return writer.bytes
    }

    /// An operand of `counts`.
    static func count(_ n: Int64, max: Int64? = nil) -> [UInt8] {
        var writer = ByteWriter()
        OperandPrefix(of: counts()).append(to: &writer)
        writer.append(field: 1, int64: n)
        if let max { writer.append(field: 2, int64: max) }
        return writer.bytes
    }

    /// An operand of `delays`: one record with x, and with y at a time.
    static func delay(_ x: Int64, y: String? = nil, at time: Int64 = 0) -> [UInt8] {
        var writer = ByteWriter()
        OperandPrefix(of: delays()).append(to: &writer)
        writer.append(field: 1, int64: 1)
        writer.append(
            field: 2,
            message: { sum in
                sum.append(tag: 1, .fixed64)
                sum.append(littleEndian: UInt64(bitPattern: x))
            })
        if let y {
            writer.append(
                field: 3,
                message: { last in
                    last.append(field: 1, int64: time)
                    last.append(field: 2, string: y)
                })
        }
        return writer.bytes
    }

    static func plane(
        _ carrier: String?, seats: Int64? = nil, _ order: UpsertOrder, isDeleted: Bool = false
    ) -> [UInt8] {
        let columns = [
            Column(type: .string, values: [carrier.map { .string($0) } ?? .null]),
            Column(type: .int64, values: [seats.map { .int64($0) } ?? .null]),
        ]
        var writer = ByteWriter()
        UpsertRowEncoder(of: aircraft()).encode(columns, row: 0, order: order, isDeleted: isDeleted, into: &writer)
        return writer.bytes
    }
}

extension TableStore {
    /// Merges rows given by tuple and operand, with positions, in one checkpoint.
    func merge(
        _ rows: [(tuple: [UInt8], operand: [UInt8])], into table: TableEntry, version: UInt32 = 1,
        positions: [StoredPosition] = []
    ) throws {
        try commit(
            Checkpoint(
                generation: generation,
                merges: [try merges(rows, table, version: version)], positions: positions))
    }

    func merges(
        _ rows: [(tuple: [UInt8], operand: [UInt8])], _ table: TableEntry, version: UInt32 = 1
    ) throws -> VersionMerges {
        var tuples = ByteStrings()
        var operands = ByteStrings()
        for row in rows {
            tuples.append(row.tuple)
            operands.append(row.operand)
        }
        var keys = ByteStrings()
        try StorageKey(of: table, shardCount: catalog.snapshot.shardCount).encode(tuples, into: &keys)
        return VersionMerges(table: table.id, version: version, keys: keys, operands: operands)
    }

    /// The values of the columns of a row; nil where it is absent.
    func row(_ table: TableEntry, _ key: Value...) throws -> [Value]? {
        let rows = try get(table, keys: [try Fixture.tuple(key)])
        return try rows[0].map { try table.values(of: [UInt8]($0)) }
    }
}

extension TableEntry {
    func values(of message: [UInt8]) throws -> [Value] {
        let layout = RowLayout(columns: columns.map { ($0.number, $0.name, $0.type) })
        return try message.withUnsafeBytes { try layout.decode($0) }
    }
}
