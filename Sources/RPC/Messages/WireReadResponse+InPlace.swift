package import Bytes

extension WireReadResponse {
    // A response is written in this order: its records, its offsets, what was skipped.

    /// `headers` writes them with `WireHeader.append`.
    package static func append(
        offset: Int64, appendTime: Int64, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer,
        to writer: inout ByteWriter, headers: (inout ByteWriter) -> Void = { _ in }
    ) {
        writer.append(field: 1) { writer in
            writer.append(present: 1, int64: offset)
            writer.append(present: 2, int64: appendTime)
            if let key { writer.append(field: 3, bytes: key) }
            writer.append(present: 4, bytes: value)
            headers(&writer)
        }
    }

    package static func append(skipped: Range<Int64>, to writer: inout ByteWriter) {
        writer.append(field: 4) { writer in
            writer.append(present: 1, int64: skipped.lowerBound)
            writer.append(present: 2, int64: skipped.upperBound)
        }
    }

    package static func append(nextOffset: Int64, endOffset: Int64, to writer: inout ByteWriter) {
        writer.append(present: 2, int64: nextOffset)
        writer.append(present: 3, int64: endOffset)
    }

    /// Walks the records of a response as it stands in the read buffer.
    package struct Reader {
        package private(set) var recordCount = 0
        package private(set) var nextOffset: Int64 = 0
        package private(set) var endOffset: Int64 = 0
        private var fields: ProtobufReader

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): recordCount += 1
                case (2, .varint): nextOffset = field.int64
                case (3, .varint): endOffset = field.int64
                default: break
                }
            }
        }

        package mutating func next() throws(BytesError) -> WireStoredRecord.View? {
            while let field = try fields.next() {
                if field.number == 1 && field.wireType == .lengthDelimited {
                    return try WireStoredRecord.View(field.bytes)
                }
            }
            return nil
        }
    }
}

extension WireStoredRecord {
    package struct View {
        package private(set) var offset: Int64 = 0
        package private(set) var appendTime: Int64 = 0
        package private(set) var key: UnsafeRawBufferPointer?
        package private(set) var value = UnsafeRawBufferPointer(start: nil, count: 0)
        package var headers: WireHeader.Reader

        init(_ record: UnsafeRawBufferPointer) throws(BytesError) {
            headers = WireHeader.Reader(record, field: 5)
            var fields = ProtobufReader(record)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .varint): offset = field.int64
                case (2, .varint): appendTime = field.int64
                case (3, .lengthDelimited): key = field.bytes
                case (4, .lengthDelimited): value = field.bytes
                default: break
                }
            }
        }
    }
}
