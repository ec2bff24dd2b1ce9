package import Bytes

extension WireHeader {
    /// Walks the headers of a record, which stand in it under the number `field`.
    package struct Reader {
        private var fields: ProtobufReader
        private let number: Int

        init(_ record: UnsafeRawBufferPointer, field number: Int) {
            fields = ProtobufReader(record)
            self.number = number
        }

        package mutating func next() throws(BytesError) -> (
            name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
        )? {
            while let field = try fields.next() {
                if field.number == number && field.wireType == .lengthDelimited {
                    return try WireHeader.read(field.bytes)
                }
            }
            return nil
        }
    }

    private static func read(
        _ header: UnsafeRawBufferPointer
    ) throws(BytesError) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        var name = UnsafeRawBufferPointer(start: nil, count: 0)
        var value = UnsafeRawBufferPointer(start: nil, count: 0)
        var fields = ProtobufReader(header)
        while let field = try fields.next() {
            switch (field.number, field.wireType) {
            case (1, .lengthDelimited): name = field.bytes
            case (2, .lengthDelimited): value = field.bytes
            default: break
            }
        }
        return (name, value)
    }

    static func append(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, field: Int, to writer: inout ByteWriter
    ) {
        writer.append(field: field) { writer in
            writer.append(present: 1, bytes: name)
            writer.append(present: 2, bytes: value)
        }
    }

    /// Appends a header of a record to append.
    package static func append(
        toAppend name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, to writer: inout ByteWriter
    ) {
        append(name: name, value: value, field: 3, to: &writer)
    }

    /// Appends a header of a record that was read.
    package static func append(
        toRead name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, to writer: inout ByteWriter
    ) {
        append(name: name, value: value, field: 5, to: &writer)
    }
}
