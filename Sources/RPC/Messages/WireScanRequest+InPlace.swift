package import Bytes

extension WireScanRequest {
    /// A request as it stands in the read buffer.
    package struct View {
        /// The table's name; UTF-8 once `text` says so.
        package private(set) var table = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var prefix = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var from: UnsafeRawBufferPointer?
        package private(set) var to: UnsafeRawBufferPointer?
        package private(set) var reverse = false
        package private(set) var limit: UInt32 = 0
        package private(set) var continuation = UnsafeRawBufferPointer(start: nil, count: 0)
        /// nil: the version that the continuation names, else the one that serves.
        package private(set) var version: UInt32?
        package private(set) var contract: WireReadContract.View?
        /// Numbers of the columns wanted; none: all.
        package private(set) var columns: [UInt32] = []
        package private(set) var raw = false

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            var hasColumns = false
            var fields = ProtobufReader(message)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): table = field.bytes
                case (2, .lengthDelimited): prefix = field.bytes
                case (3, .lengthDelimited): from = field.bytes
                case (4, .lengthDelimited): to = field.bytes
                case (5, .varint): reverse = field.bool
                case (6, .varint): limit = field.uint32
                case (7, .lengthDelimited): continuation = field.bytes
                case (8, .varint): version = field.uint32
                case (9, .lengthDelimited): contract = try WireReadContract.View(field.bytes)
                case (10, .varint), (10, .lengthDelimited): hasColumns = true
                case (11, .varint): raw = field.bool
                default: break
                }
            }
            if hasColumns { columns = try columnNumbers(inField: 10, of: message) }
        }
    }

    package static func append(
        table: String, prefix: [UInt8] = [], from: [UInt8]? = nil, to end: [UInt8]? = nil, reverse: Bool = false,
        limit: UInt32 = 0, continuation: [UInt8] = [], version: UInt32? = nil, contract: ReadContract = ReadContract(),
        columns: [UInt32] = [], raw: Bool = false, into writer: inout ByteWriter
    ) {
        writer.append(present: 1, string: table)
        writer.append(present: 2, bytes: prefix)
        if let from { writer.append(field: 3, bytes: from) }
        if let end { writer.append(field: 4, bytes: end) }
        writer.append(present: 5, bool: reverse)
        writer.append(present: 6, uint32: limit)
        writer.append(present: 7, bytes: continuation)
        if let version { writer.append(field: 8, int64: Int64(version)) }
        WireReadContract.append(contract, as: 9, to: &writer)
        writer.append(packed: 10, columns)
        writer.append(present: 11, bool: raw)
    }
}
