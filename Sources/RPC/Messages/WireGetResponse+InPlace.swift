package import Bytes

extension WireGetResponse {
    /// Appends one table's rows, which `rows` writes with `WireRow.append`.
    package static func append(
        tableID: UInt32, schemaRevision: UInt32, freshness: Int64? = nil, version: UInt32 = 0,
        to writer: inout ByteWriter, rows: (inout ByteWriter) -> Void
    ) {
        writer.append(field: 1) { writer in
            writer.append(present: 1, uint32: tableID)
            writer.append(present: 2, uint32: schemaRevision)
            rows(&writer)
            if let freshness { writer.append(field: 4, int64: freshness) }
            writer.append(present: 5, uint32: version)
        }
    }

    /// Walks the tables of a response as it stands in the read buffer.
    package struct Reader {
        private var fields: ProtobufReader

        package init(_ message: UnsafeRawBufferPointer) {
            fields = ProtobufReader(message)
        }

        package mutating func next() throws(BytesError) -> WireTableRows.Reader? {
            while let field = try fields.next() {
                if field.number == 1 && field.wireType == .lengthDelimited {
                    return try WireTableRows.Reader(field.bytes)
                }
            }
            return nil
        }
    }
}

extension WireTableRows {
    package struct Reader {
        package private(set) var tableID: UInt32 = 0
        package private(set) var schemaRevision: UInt32 = 0
        package private(set) var rowCount = 0
        /// nil: nobody asked for it.
        package private(set) var freshness: Int64?
        package private(set) var version: UInt32 = 0
        private var fields: ProtobufReader

        init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .varint): tableID = field.uint32
                case (2, .varint): schemaRevision = field.uint32
                case (3, .lengthDelimited): rowCount += 1
                case (4, .varint): freshness = field.int64
                case (5, .varint): version = field.uint32
                default: break
                }
            }
        }

        /// nil after the last; a row that is not there is `.some(nil)`.
        package mutating func nextRow() throws(BytesError) -> UnsafeRawBufferPointer?? {
            while let field = try fields.next() {
                if field.number == 3 && field.wireType == .lengthDelimited {
                    return .some(try WireRow.message(in: field.bytes))
                }
            }
            return .none
        }
    }
}

extension WireRow {
    /// Appends a row of a get; nil: there is no such row.
    package static func append(_ message: UnsafeRawBufferPointer?, to writer: inout ByteWriter) {
        writer.append(tag: 3, .lengthDelimited)
        guard let message else { return writer.append(0) }
        writer.append(varint: UInt64(delimitedLength(message.count)))
        writer.append(field: 1, bytes: message)
    }

    /// Appends a row of a get whose message `body` writes.
    package static func append(to writer: inout ByteWriter, message body: (inout ByteWriter) -> Void) {
        writer.append(field: 3) { writer in writer.append(field: 1, message: body) }
    }

    /// The row's message, where there is one.
    package static func message(in row: UnsafeRawBufferPointer) throws(BytesError) -> UnsafeRawBufferPointer? {
        var message: UnsafeRawBufferPointer?
        var fields = ProtobufReader(row)
        while let field = try fields.next() {
            if field.number == 1 && field.wireType == .lengthDelimited { message = field.bytes }
        }
        return message
    }
}
