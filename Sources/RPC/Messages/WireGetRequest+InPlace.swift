package import Bytes

extension WireGetRequest {
    /// Walks the tables of a request as it stands in the read buffer.
    package struct Reader {
        private var fields: ProtobufReader

        package init(_ message: UnsafeRawBufferPointer) {
            fields = ProtobufReader(message)
        }

        package mutating func next() throws(BytesError) -> WireTableKeys.Reader? {
            while let field = try fields.next() {
                if field.number == 1 && field.wireType == .lengthDelimited {
                    return try WireTableKeys.Reader(field.bytes)
                }
            }
            return nil
        }
    }

    /// Appends one table's keys, each a tuple.
    package static func append(table: String, keys: [[UInt8]], to writer: inout ByteWriter) {
        writer.append(field: 1) { writer in
            writer.append(present: 1, string: table)
            for key in keys { writer.append(field: 2, bytes: key) }
        }
    }
}

extension WireTableKeys {
    /// One table's keys. The message was walked once when it was made, so that its keys cannot fail.
    package struct Reader {
        /// The table's name; UTF-8 once `text` says so.
        package private(set) var table = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var keyCount = 0
        private var fields: ProtobufReader

        init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): table = field.bytes
                case (2, .lengthDelimited): keyCount += 1
                default: break
                }
            }
        }

        package mutating func nextKey() -> UnsafeRawBufferPointer? {
            while let field = try? fields.next() {
                if field.number == 2 && field.wireType == .lengthDelimited { return field.bytes }
            }
            return nil
        }
    }
}
