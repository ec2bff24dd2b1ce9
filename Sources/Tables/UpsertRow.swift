package import Bytes
package import Catalog
package import Records

/// Field numbers of an upsert's message that say which of two rows wins; readers never see them.
///
/// DO NOT CHANGE THESE VALUES: they are stored.
enum UpsertField {
    static let eventTime = 2000
    static let source = 2001
    static let offset = 2002
    static let isDeleted = 2003
}

/// What decides between two upserts of one key: the greater one wins.
package struct UpsertOrder: Hashable, Comparable, Sendable {
    /// Microseconds since 1970; 0 for a table without event time.
    package var eventTime: Int64
    /// 0 for a batch, so that it comes before any record of a log; else the bucket plus one.
    package var source: UInt64
    package var offset: Int64

    package static let least = UpsertOrder(eventTime: 0, source: 0, offset: 0)

    private init(eventTime: Int64, source: UInt64, offset: Int64) {
        self.eventTime = eventTime
        self.source = source
        self.offset = offset
    }

    /// A record of a category.
    package static func log(eventTime: Int64, bucket: Int, offset: Int64) -> UpsertOrder {
        UpsertOrder(eventTime: eventTime, source: UInt64(bucket) + 1, offset: offset)
    }

    /// A row of a batch: the later file wins, and in it the later row.
    package static func batch(eventTime: Int64 = 0, file: Int, row: Int) -> UpsertOrder {
        batch(eventTime: eventTime, offset: batchOffset(file: file, row: row))
    }

    /// The same, with the file and the row as one number.
    package static func batch(eventTime: Int64, offset: Int64) -> UpsertOrder {
        UpsertOrder(eventTime: eventTime, source: 0, offset: offset)
    }

    package static let greatestBatchFile = 1 << 23 - 1

    package static func batchOffset(file: Int, row: Int) -> Int64 {
        precondition(0...greatestBatchFile ~= file && 0..<1 << 40 ~= row, "a batch has no such row")
        return Int64(file) << 40 | Int64(row)
    }

    package static func < (a: UpsertOrder, b: UpsertOrder) -> Bool {
        (a.eventTime, a.source, a.offset) < (b.eventTime, b.source, b.offset)
    }
}

/// Writes the stored values of a loaded or upsert table.
package struct UpsertRowEncoder: Sendable {
    static let prefix: [UInt8] = [StoredValue.formatVersion, StoredValue.Kind.row.rawValue, 0]

    let layout: RowLayout

    package init(of table: TableEntry) {
        layout = RowLayout(columns: table.columns.map { ($0.number, $0.name, $0.type) })
    }

    /// Appends the value of one row of a batch whose columns are the table's, in their order. A deleted row keeps none.
    package func encode(
        _ columns: [Column], row: Int, order: UpsertOrder, isDeleted: Bool = false, into writer: inout ByteWriter
    ) {
        writer.append(contentsOf: Self.prefix)
        if !isDeleted { layout.encode(batch: columns, row: row, into: &writer) }
        if order.eventTime != 0 { writer.append(field: UpsertField.eventTime, int64: order.eventTime) }
        if order.source != 0 { writer.append(field: UpsertField.source, int64: Int64(bitPattern: order.source)) }
        if order.offset != 0 { writer.append(field: UpsertField.offset, int64: order.offset) }
        if isDeleted { writer.append(field: UpsertField.isDeleted, bool: true) }
    }
}

/// What an upsert's message says about itself.
struct UpsertRow {
    private(set) var order = UpsertOrder.least
    private(set) var isDeleted = false
    /// Where the reserved fields begin; the message's end where there are none.
    private(set) var columnsEnd: Int
    /// Whether a column stands behind a reserved field, as some other writer may have put it.
    private(set) var isMixed = false

    /// nil where the message is no message, or a reserved field is not of its type.
    init?(_ message: UnsafeRawBufferPointer) {
        columnsEnd = message.count
        var reader = ProtobufReader(message)
        var position = 0
        var sawReserved = false
        do {
            while let field = try reader.next() {
                if TableEntry.reservedFieldNumbers.contains(field.number) {
                    if !sawReserved { columnsEnd = position }
                    sawReserved = true
                    guard read(field) else { return nil }
                } else if sawReserved {
                    isMixed = true
                }
                position += field.encoded.count
            }
        } catch {
            return nil
        }
    }

    private mutating func read(_ field: ProtobufField) -> Bool {
        switch field.number {
        case UpsertField.eventTime: order.eventTime = field.int64
        case UpsertField.source: order.source = field.bits
        case UpsertField.offset: order.offset = field.int64
        case UpsertField.isDeleted: isDeleted = field.bits != 0
        default: return true
        }
        return field.wireType == .varint
    }

    /// Appends the columns without the reserved fields.
    func appendColumns(of message: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(BytesError) {
        guard isMixed else {
            writer.append(contentsOf: UnsafeRawBufferPointer(rebasing: message[..<columnsEnd]))
            return
        }
        var reader = ProtobufReader(message)
        while let field = try reader.next() {
            if TableEntry.reservedFieldNumbers.contains(field.number) { continue }
            writer.append(contentsOf: field.encoded)
        }
    }
}
