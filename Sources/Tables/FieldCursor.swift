internal import Bytes

/// Walks a message whose fields ascend, and says what was wrong where it ended early.
struct FieldCursor {
    enum End {
        case whole
        case malformed
        /// A field does not have a greater number than the one before.
        case unordered
    }

    private var reader: ProtobufReader
    /// nil past the end.
    private(set) var field: ProtobufField?
    private(set) var end = End.whole

    @inline(__always)
    init(_ message: UnsafeRawBufferPointer) {
        reader = ProtobufReader(message)
        advance()
    }

    @inline(__always)
    mutating func advance() {
        let last = field?.number ?? 0
        do {
            field = try reader.next()
        } catch {
            field = nil
            end = .malformed
        }
        if let field, field.number <= last {
            self.field = nil
            end = .unordered
        }
    }

    /// The message with its fields in ascending order, as other writers need not have them; nil where that cannot be: a
    /// field stands twice, or the message cannot be read.
    static func ordered(_ message: UnsafeRawBufferPointer) -> [UInt8]? {
        var fields: [ProtobufField] = []
        var reader = ProtobufReader(message)
        do {
            while let field = try reader.next() { fields.append(field) }
        } catch {
            return nil
        }
        fields.sort { $0.number < $1.number }
        for (field, next) in zip(fields, fields.dropFirst()) where field.number == next.number { return nil }
        return fields.flatMap { [UInt8]($0.encoded) }
    }
}
