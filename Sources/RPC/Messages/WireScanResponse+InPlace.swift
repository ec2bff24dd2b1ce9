package import Bytes

extension WireScanResponse {
    // A response is written in this order: its head, its rows, its end.

    package static func append(tableID: UInt32, schemaRevision: UInt32, to writer: inout ByteWriter) {
        writer.append(present: 1, uint32: tableID)
        writer.append(present: 2, uint32: schemaRevision)
    }

    package static func append(
        key: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer, to writer: inout ByteWriter
    ) {
        let length =
            (key.isEmpty ? 0 : delimitedLength(key.count)) + (message.isEmpty ? 0 : delimitedLength(message.count))
        writer.append(tag: 3, .lengthDelimited)
        writer.append(varint: UInt64(length))
        writer.append(present: 1, bytes: key)
        writer.append(present: 2, bytes: message)
    }

    /// Appends a row whose message `body` writes.
    package static func append(
        key: UnsafeRawBufferPointer, to writer: inout ByteWriter, message body: (inout ByteWriter) -> Void
    ) {
        writer.append(field: 3) { writer in
            writer.append(present: 1, bytes: key)
            writer.append(field: 2, message: body)
        }
    }

    /// An empty continuation: the range is exhausted.
    package static func append(
        continuation: [UInt8], freshness: Int64? = nil, version: UInt32 = 0, to writer: inout ByteWriter
    ) {
        writer.append(present: 4, bytes: continuation)
        if let freshness { writer.append(field: 5, int64: freshness) }
        writer.append(present: 6, uint32: version)
    }

    /// Walks the rows of a response as it stands in the read buffer.
    package struct Reader {
        package private(set) var tableID: UInt32 = 0
        package private(set) var schemaRevision: UInt32 = 0
        package private(set) var rowCount = 0
        package private(set) var continuation = UnsafeRawBufferPointer(start: nil, count: 0)
        /// nil: nobody asked for it.
        package private(set) var freshness: Int64?
        package private(set) var version: UInt32 = 0
        private var fields: ProtobufReader

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .varint): tableID = field.uint32
                case (2, .varint): schemaRevision = field.uint32
                case (3, .lengthDelimited): rowCount += 1
                case (4, .lengthDelimited): continuation = field.bytes
                case (5, .varint): freshness = field.int64
                case (6, .varint): version = field.uint32
                default: break
                }
            }
        }

        package mutating func next() throws(BytesError) -> WireKeyedRow.View? {
            while let field = try fields.next() {
                if field.number == 3 && field.wireType == .lengthDelimited {
                    return try WireKeyedRow.View(field.bytes)
                }
            }
            return nil
        }
    }
}

extension WireKeyedRow {
    package struct View {
        package private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var message = UnsafeRawBufferPointer(start: nil, count: 0)

        init(_ row: UnsafeRawBufferPointer) throws(BytesError) {
            var fields = ProtobufReader(row)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): key = field.bytes
                case (2, .lengthDelimited): message = field.bytes
                default: break
                }
            }
        }
    }
}
