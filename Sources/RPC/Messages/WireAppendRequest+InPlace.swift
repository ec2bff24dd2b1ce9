package import Bytes

extension WireAppendRequest {
    /// Walks the records of a request as it stands in the read buffer.
    package struct Reader {
        /// The category's name; UTF-8 once `text` says so.
        package private(set) var category = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var recordCount = 0
        package private(set) var producer: WireProducer.View?
        private var fields: ProtobufReader

        /// Far more records than anybody takes at once: that there are more is all that matters, and not worth walking on.
        private static let greatestCount = 1 << 18

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): category = field.bytes
                case (2, .lengthDelimited):
                    recordCount += 1
                    if recordCount > Self.greatestCount { return }
                case (3, .lengthDelimited): producer = try WireProducer.View(field.bytes)
                default: break
                }
            }
        }

        package mutating func next() throws(BytesError) -> WireAppendRecord.View? {
            while let field = try fields.next() {
                if field.number == 2 && field.wireType == .lengthDelimited {
                    return try WireAppendRecord.View(field.bytes)
                }
            }
            return nil
        }
    }

    // A request is written in this order: its category, its records, its producer.

    package static func append(category: String, to writer: inout ByteWriter) {
        writer.append(present: 1, string: category)
    }

    /// Appends a record that is nothing but a value.
    package static func append(value: UnsafeRawBufferPointer, to writer: inout ByteWriter) {
        writer.append(tag: 2, .lengthDelimited)
        writer.append(varint: UInt64(value.isEmpty ? 0 : delimitedLength(value.count)))
        writer.append(present: 2, bytes: value)
    }

    /// `headers` writes them with `WireHeader.append`.
    package static func append(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, bucket: UInt32? = nil,
        to writer: inout ByteWriter, headers: (inout ByteWriter) -> Void = { _ in }
    ) {
        writer.append(field: 2) { writer in
            if let key { writer.append(field: 1, bytes: key) }
            writer.append(present: 2, bytes: value)
            headers(&writer)
            if let bucket { writer.append(field: 4, int64: Int64(bucket)) }
        }
    }
}

extension WireAppendRequest {
    package static func append(
        producer id: [UInt8], epoch: UInt32, sequence: UInt64, to writer: inout ByteWriter
    ) {
        writer.append(field: 3) { writer in
            id.withUnsafeBytes { writer.append(present: 1, bytes: $0) }
            writer.append(present: 2, uint32: epoch)
            writer.append(present: 3, int64: Int64(bitPattern: sequence))
        }
    }
}

extension WireProducer {
    package struct View {
        package private(set) var id = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var epoch: UInt32 = 0
        package private(set) var sequence: UInt64 = 0

        init(_ producer: UnsafeRawBufferPointer) throws(BytesError) {
            var fields = ProtobufReader(producer)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): id = field.bytes
                case (2, .varint): epoch = field.uint32
                case (3, .varint): sequence = field.bits
                default: break
                }
            }
        }
    }
}

extension WireAppendRecord {
    package struct View {
        package private(set) var key: UnsafeRawBufferPointer?
        package private(set) var value = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var bucket: UInt32?
        package var headers: WireHeader.Reader

        init(_ record: UnsafeRawBufferPointer) throws(BytesError) {
            headers = WireHeader.Reader(record, field: 3)
            var fields = ProtobufReader(record)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): key = field.bytes
                case (2, .lengthDelimited): value = field.bytes
                case (4, .varint): bucket = field.uint32
                default: break
                }
            }
        }
    }
}
