package import Bytes

extension WireReadRequest {
    /// A request as it stands in the read buffer.
    package struct View {
        /// The category's name; UTF-8 once `text` says so.
        package private(set) var category = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var bucket: UInt32 = 0
        package private(set) var offset: Int64 = 0
        package private(set) var maximumRecords: UInt32 = 0
        package private(set) var waitMilliseconds: UInt32 = 0
        package private(set) var skipsCorrupted = false

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            var fields = ProtobufReader(message)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): category = field.bytes
                case (2, .varint): bucket = field.uint32
                case (3, .varint): offset = field.int64
                case (4, .varint): maximumRecords = field.uint32
                case (5, .varint): waitMilliseconds = field.uint32
                case (6, .varint): skipsCorrupted = field.bits != 0
                default: break
                }
            }
        }
    }

    package static func append(
        category: String, bucket: UInt32, offset: Int64, maximumRecords: UInt32, waitMilliseconds: UInt32,
        to writer: inout ByteWriter
    ) {
        writer.append(present: 1, string: category)
        writer.append(present: 2, uint32: bucket)
        writer.append(present: 3, int64: offset)
        writer.append(present: 4, uint32: maximumRecords)
        writer.append(present: 5, uint32: waitMilliseconds)
    }
}
