package import Bytes

extension MonoidKind {
    /// Appends the combination of two states as field `number`. False, and nothing is written, where one of them is not
    /// a state of this monoid. Never traps, whatever the bytes.
    package func combine(
        _ a: ProtobufField, _ b: ProtobufField, field number: Int, into writer: inout ByteWriter
    ) -> Bool {
        false
    }

    /// Whether the field's payload is a state of this monoid.
    package func validates(_ field: ProtobufField) -> Bool {
        false
    }
}
