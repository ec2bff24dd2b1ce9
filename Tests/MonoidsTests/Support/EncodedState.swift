import Bytes
import Monoids

/// A state as a whole field numbered 1, in bytes of its own.
struct EncodedState: Hashable, CustomStringConvertible {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ write: (inout ByteWriter) -> Void) {
        var writer = ByteWriter()
        write(&writer)
        bytes = writer.bytes
    }

    var description: String { bytes.hex }

    /// nil where the bytes are not one field.
    func withField<R>(_ body: (ProtobufField) throws -> R?) rethrows -> R? {
        try bytes.withUnsafeBytes { buffer in
            var reader = ProtobufReader(buffer)
            guard let field = try? reader.next(), field.encoded.count == buffer.count else { return nil }
            return try body(field)
        }
    }
}

extension MonoidKind {
    /// nil where the monoid refuses; then nothing may have been written.
    func combine(_ a: EncodedState, _ b: EncodedState) -> EncodedState? {
        a.withField { a in
            b.withField { b -> EncodedState? in
                var writer = ByteWriter()
                writer.append(0x55)
                guard combine(a, b, field: 1, into: &writer) else {
                    precondition(writer.bytes == [0x55], "a refusal writes nothing")
                    return nil
                }
                return EncodedState(Array(writer.bytes.dropFirst()))
            }
        }
    }

    /// Absent states are the identity.
    func combine(_ a: EncodedState?, _ b: EncodedState?) -> EncodedState? {
        guard let a else { return b }
        guard let b else { return a }
        return combine(a, b)
    }

    func validates(_ state: EncodedState) -> Bool {
        state.withField { validates($0) } ?? false
    }

    /// Whether equal states combine to themselves.
    var claimsIdempotence: Bool {
        switch self {
        case .count, .sumInt64, .sumDouble, .sumOfSquares: false
        default: true
        }
    }

    /// An encoded state that changes nothing, for monoids that have one besides absence.
    var neutral: EncodedState? {
        switch self {
        case .count: EncodedState { $0.append(field: 1, int64: 0) }
        case .sumInt64: EncodedState { $0.append(field: 1) { $0.append(field: 1, double: 0) } }
        case .sumDouble, .sumOfSquares: EncodedState { $0.append(field: 1, bytes: [UInt8]()) }
        default: nil
        }
    }
}

extension AggregateFunction {
    func present(_ states: [EncodedState?]) throws -> Scalar? {
        func collect(_ fields: [ProtobufField?], _ rest: ArraySlice<EncodedState?>) throws -> Scalar? {
            guard let next = rest.first else { return try present(fields) }
            guard let next else { return try collect(fields + [nil], rest.dropFirst()) }
            return try next.withField { try collect(fields + [$0], rest.dropFirst()) }
        }
        return try collect([], states[...])
    }
}

extension [UInt8] {
    init(hex: String) {
        let digits = [UInt8](hex.utf8).map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 0) }
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
