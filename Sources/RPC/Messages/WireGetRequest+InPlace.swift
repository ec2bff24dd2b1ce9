package import Bytes

extension WireGetRequest {
    package static let tablesField = 1
    package static let contractField = 2

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

    /// What the request asks for beyond rows; nil: nothing.
    package static func contract(in message: UnsafeRawBufferPointer) throws(BytesError) -> WireReadContract.View? {
        try WireReadContract.view(inField: 2, of: message)
    }

    // A request is written in this order: its tables, its contract.

    /// Appends one table's keys, each a tuple.
    package static func append(
        table: String, keys: [[UInt8]], version: UInt32? = nil, columns: [UInt32] = [], raw: Bool = false,
        to writer: inout ByteWriter
    ) {
        writer.append(field: 1) { writer in
            writer.append(present: 1, string: table)
            for key in keys { writer.append(field: 2, bytes: key) }
            if let version { writer.append(field: 3, int64: Int64(version)) }
            writer.append(packed: 4, columns)
            writer.append(present: 5, bool: raw)
        }
    }

    package static func append(contract: ReadContract, to writer: inout ByteWriter) {
        WireReadContract.append(contract, as: 2, to: &writer)
    }
}

extension WireTableKeys {
    /// One table's keys. The message was walked once when it was made, so that its keys cannot fail.
    package struct Reader {
        /// The table's name; UTF-8 once `text` says so.
        package private(set) var table = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var keyCount = 0
        /// nil: the version that serves.
        package private(set) var version: UInt32?
        package private(set) var hasColumns = false
        package private(set) var raw = false
        private let message: UnsafeRawBufferPointer
        private var fields: ProtobufReader

        /// Far more keys than anybody serves at once: that there are more is all that matters, and not worth walking on.
        private static let greatestCount = 1 << 16

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            self.message = message
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): table = field.bytes
                case (2, .lengthDelimited):
                    keyCount += 1
                    if keyCount > Self.greatestCount { return }
                case (3, .varint): version = field.uint32
                case (4, .varint), (4, .lengthDelimited): hasColumns = true
                case (5, .varint): raw = field.bool
                default: break
                }
            }
        }

        /// Numbers of the columns wanted, in the order in which they stand; none: all.
        package func columns() throws(BytesError) -> [UInt32] {
            try hasColumns ? columnNumbers(inField: 4, of: message) : []
        }

        package mutating func nextKey() -> UnsafeRawBufferPointer? {
            while let field = try? fields.next() {
                if field.number == 2 && field.wireType == .lengthDelimited { return field.bytes }
            }
            return nil
        }
    }
}

extension WireTableKeys {
    /// One table's keys as they come: the message is walked once. It serves the message that nearly all clients write: the name
    /// first, then the keys. Whatever else has a meaning ends the walk, and `isPlain` is false.
    package struct PlainReader {
        /// The table's name; UTF-8 once `text` says so.
        package private(set) var table = UnsafeRawBufferPointer(start: nil, count: 0)
        /// Whether the whole rows of the serving version are wanted, and nothing else: known at the end of the keys.
        package private(set) var isPlain = true
        private var fields: ProtobufReader

        package init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            if let field = try fields.next(), field.number == 1, field.wireType == .lengthDelimited {
                table = field.bytes
            } else {
                isPlain = false
            }
        }

        /// nil at the end.
        package mutating func nextKey() throws(BytesError) -> UnsafeRawBufferPointer? {
            guard isPlain else { return nil }
            if let key = fields.nextShort(tagged: Self.keyTag) { return key }
            while let field = try fields.next() {
                if field.number == 2, field.wireType == .lengthDelimited { return field.bytes }
                if field.number <= 5 {
                    isPlain = false
                    return nil
                }
            }
            return nil
        }

        /// Field 2, length-delimited.
        private static let keyTag: UInt8 = 2 << 3 | WireType.lengthDelimited.rawValue
    }
}
