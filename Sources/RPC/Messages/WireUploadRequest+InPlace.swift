package import Bytes

extension WireUploadRequest {
    /// A request as it stands in the read buffer: its data are many, and go to a file from there.
    package struct View {
        /// The load's name; UTF-8 once `text` says so.
        package private(set) var load = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var file: UInt32 = 0
        package private(set) var offset: Int64 = 0
        package private(set) var data = UnsafeRawBufferPointer(start: nil, count: 0)

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            var fields = ProtobufReader(message)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): load = field.bytes
                case (2, .varint): file = field.uint32
                case (3, .varint): offset = field.int64
                case (4, .lengthDelimited): data = field.bytes
                default: break
                }
            }
        }
    }

    package static func append(
        load: String, file: UInt32, offset: Int64, data: UnsafeRawBufferPointer, to writer: inout ByteWriter
    ) {
        writer.append(present: 1, string: load)
        writer.append(present: 2, uint32: file)
        writer.append(present: 3, int64: offset)
        writer.append(present: 4, bytes: data)
    }
}
