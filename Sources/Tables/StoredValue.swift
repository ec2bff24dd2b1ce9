internal import Bytes
internal import Monoids

#if canImport(Glibc)
    internal import Glibc
#endif

/// A stored value or a merge operand, taken apart without a copy: an envelope that says how it merges, then the row's
/// message. Protocols/stored-values.md is the format.
struct StoredValue {
    /// DO NOT CHANGE THESE VALUES: they stand in every stored value.
    enum Kind: UInt8 {
        /// Each field combines by the monoid that the envelope names.
        case fields = 0
        /// The row as a whole, as what decides between upserts says.
        case row = 1
    }

    static let formatVersion: UInt8 = 1

    let kind: Kind
    /// The whole envelope. The same bytes always mean the same.
    let envelope: UnsafeRawBufferPointer
    /// Field numbers and monoids inside the envelope.
    let entries: UnsafeRawBufferPointer
    let message: UnsafeRawBufferPointer

    /// nil where the bytes are no value. Empty bytes are none either: they are the identity, and no row.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 3, bytes[0] == Self.formatVersion, let kind = Kind(rawValue: bytes[1]) else { return nil }
        var reader = ByteReader(bytes, at: 2)
        do {
            let count = try reader.readVarint()
            let start = reader.position
            var last = 0
            for _ in 0..<count {
                let number = try reader.readVarint()
                _ = try reader.readByte()
                guard number > UInt64(last), number <= UInt64(ProtobufReader.greatestFieldNumber) else { return nil }
                last = Int(number)
            }
            guard kind == .fields || count == 0 else { return nil }
            self.init(
                kind: kind, envelope: UnsafeRawBufferPointer(rebasing: bytes[..<reader.position]),
                entries: UnsafeRawBufferPointer(rebasing: bytes[start..<reader.position]), message: reader.rest)
        } catch {
            return nil
        }
    }

    /// The same, cheaper where the envelope is that of another value.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, like other: StoredValue) {
        let count = other.envelope.count
        guard bytes.count >= count, let start = bytes.baseAddress, let known = other.envelope.baseAddress,
            memcmp(start, known, count) == 0
        else {
            self.init(bytes)
            return
        }
        self.init(
            kind: other.kind, envelope: UnsafeRawBufferPointer(rebasing: bytes[..<count]),
            entries: UnsafeRawBufferPointer(rebasing: bytes[count - other.entries.count..<count]),
            message: UnsafeRawBufferPointer(rebasing: bytes[count...]))
    }

    /// How long an envelope is: what takes bytes apart that begin with the same one.
    struct Shape {
        let kind: Kind
        let envelopeCount: Int
        let entriesCount: Int
    }

    var shape: Shape { Shape(kind: kind, envelopeCount: envelope.count, entriesCount: entries.count) }

    /// Bytes that begin with an envelope of this shape, without looking at it.
    init(_ bytes: UnsafeRawBufferPointer, of shape: Shape) {
        self.init(
            kind: shape.kind, envelope: UnsafeRawBufferPointer(rebasing: bytes[..<shape.envelopeCount]),
            entries: UnsafeRawBufferPointer(
                rebasing: bytes[shape.envelopeCount - shape.entriesCount..<shape.envelopeCount]),
            message: UnsafeRawBufferPointer(rebasing: bytes[shape.envelopeCount...]))
    }

    /// The same envelope before another message.
    init(_ other: StoredValue, message: UnsafeRawBufferPointer) {
        self.init(kind: other.kind, envelope: other.envelope, entries: other.entries, message: message)
    }

    private init(
        kind: Kind, envelope: UnsafeRawBufferPointer, entries: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer
    ) {
        self.kind = kind
        self.envelope = envelope
        self.entries = entries
        self.message = message
    }

    func hasEnvelope(of other: StoredValue) -> Bool {
        guard envelope.count == other.envelope.count, let a = envelope.baseAddress, let b = other.envelope.baseAddress
        else { return false }
        return memcmp(a, b, envelope.count) == 0
    }
}

/// Looks up monoids in an envelope by ascending field numbers.
struct EnvelopeCursor {
    private var reader: ByteReader
    private(set) var number = 0
    /// As stored: a newer Maser may know monoids that this one does not.
    private(set) var code: UInt8 = 0

    init(_ value: StoredValue) {
        reader = ByteReader(value.entries)
    }

    /// false at the end.
    mutating func advance() -> Bool {
        // `StoredValue` has read the entries before, so nothing can fail here.
        guard !reader.isAtEnd, let number = try? reader.readVarint(), let code = try? reader.readByte() else {
            return false
        }
        self.number = Int(number)
        self.code = code
        return true
    }

    /// nil where the envelope does not list the field, or lists a monoid that is not known.
    mutating func monoid(of field: Int) -> MonoidKind? {
        while number < field {
            guard advance() else {
                number = .max
                return nil
            }
        }
        return number == field ? MonoidKind(rawValue: code) : nil
    }
}
