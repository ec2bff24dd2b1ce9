package import Bytes

/// What a reader asks of an answer beyond its rows, as a client writes it.
package struct ReadContract: Hashable, Sendable {
    package struct Position: Hashable, Sendable {
        package var category: String
        package var bucket: UInt32
        /// Of the next record: what is before it is to be applied.
        package var offset: Int64

        package init(category: String, bucket: UInt32, offset: Int64) {
            self.category = category
            self.bucket = bucket
            self.offset = offset
        }
    }

    package var maximumStalenessMilliseconds: UInt32?
    package var positions: [Position]
    /// Whether the answer is to say how fresh it is.
    package var wantsFreshness: Bool

    package init(
        maximumStalenessMilliseconds: UInt32? = nil, positions: [Position] = [], wantsFreshness: Bool = false
    ) {
        self.maximumStalenessMilliseconds = maximumStalenessMilliseconds
        self.positions = positions
        self.wantsFreshness = wantsFreshness
    }

    package var isEmpty: Bool { maximumStalenessMilliseconds == nil && positions.isEmpty && !wantsFreshness }
}

extension WireReadContract {
    /// A contract as it stands in the read buffer.
    package struct View {
        package private(set) var maximumStalenessMilliseconds: UInt32?
        package private(set) var positionCount = 0
        package private(set) var wantsFreshness = false
        private var fields: ProtobufReader

        init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            fields = ProtobufReader(message)
            var all = fields
            while let field = try all.next() {
                switch (field.number, field.wireType) {
                case (1, .varint): maximumStalenessMilliseconds = field.uint32
                case (2, .lengthDelimited): positionCount += 1
                case (3, .varint): wantsFreshness = field.bool
                default: break
                }
            }
        }

        package mutating func nextPosition() throws(BytesError) -> WireAppliedPosition.View? {
            while let field = try fields.next() {
                if field.number == 2 && field.wireType == .lengthDelimited {
                    return try WireAppliedPosition.View(field.bytes)
                }
            }
            return nil
        }
    }

    /// Nothing is written where nothing is asked for.
    static func append(_ contract: ReadContract, as number: Int, to writer: inout ByteWriter) {
        if contract.isEmpty { return }
        writer.append(field: number) { writer in
            if let milliseconds = contract.maximumStalenessMilliseconds {
                writer.append(field: 1, int64: Int64(milliseconds))
            }
            for position in contract.positions {
                writer.append(field: 2) { writer in
                    writer.append(present: 1, string: position.category)
                    writer.append(present: 2, uint32: position.bucket)
                    writer.append(present: 3, int64: position.offset)
                }
            }
            writer.append(present: 3, bool: contract.wantsFreshness)
        }
    }
}

extension WireAppliedPosition {
    package struct View {
        /// The category's name; UTF-8 once `text` says so.
        package private(set) var category = UnsafeRawBufferPointer(start: nil, count: 0)
        package private(set) var bucket: UInt32 = 0
        package private(set) var offset: Int64 = 0

        init(_ message: UnsafeRawBufferPointer) throws(BytesError) {
            var fields = ProtobufReader(message)
            while let field = try fields.next() {
                switch (field.number, field.wireType) {
                case (1, .lengthDelimited): category = field.bytes
                case (2, .varint): bucket = field.uint32
                case (3, .varint): offset = field.int64
                default: break
                }
            }
        }
    }
}

extension WireFoldRequest {
    package static func contract(in message: UnsafeRawBufferPointer) throws(BytesError) -> WireReadContract.View? {
        try WireReadContract.view(inField: 6, of: message)
    }
}

extension WireReadContract {
    /// What a request asks for beyond rows; nil: nothing.
    static func view(inField number: Int, of message: UnsafeRawBufferPointer) throws(BytesError) -> View? {
        var contract: View?
        var fields = ProtobufReader(message)
        while let field = try fields.next() {
            if field.number == number && field.wireType == .lengthDelimited { contract = try View(field.bytes) }
        }
        return contract
    }
}
