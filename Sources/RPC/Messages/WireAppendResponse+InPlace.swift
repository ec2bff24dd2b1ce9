package import Bytes

extension WireAppendResponse {
    /// Appends the end of a bucket that took records.
    package static func append(bucket: UInt32, end offset: Int64, to writer: inout ByteWriter) {
        writer.append(field: 1) { writer in
            writer.append(present: 1, uint32: bucket)
            writer.append(present: 2, int64: offset)
        }
    }

    package struct Reader {
        private var fields: ProtobufReader

        package init(_ message: UnsafeRawBufferPointer) {
            fields = ProtobufReader(message)
        }

        package mutating func next() throws(BytesError) -> (bucket: UInt32, end: Int64)? {
            while let field = try fields.next() {
                if field.number == 1 && field.wireType == .lengthDelimited { return try Self.end(in: field.bytes) }
            }
            return nil
        }

        private static func end(in message: UnsafeRawBufferPointer) throws(BytesError) -> (bucket: UInt32, end: Int64) {
            var (bucket, end): (UInt32, Int64) = (0, 0)
            var fields = ProtobufReader(message)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .varint): bucket = field.uint32
                case (2, .varint): end = field.int64
                default: break
                }
            }
            return (bucket, end)
        }
    }
}
