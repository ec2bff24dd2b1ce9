internal import Bytes
internal import Monoids

// Two messages whose fields ascend are merged as two sorted lists are, which allocates nothing. A field that only one
// side has is copied, known or not; one that both have is combined by the monoid that the envelopes name.

/// Combines two values of kind `fields`.
enum FieldMerge {
    enum Outcome {
        case merged
        /// The second value by itself is none that could be merged with anything.
        case secondUndecodable
        /// Each may be sound, but not with the other: the first is unreadable, monoids or types contradict each other,
        /// or both have a field that nobody here knows how to combine.
        case incompatible
    }

    /// Appends the combined value; where that is impossible, nothing.
    static func merge(_ a: StoredValue, _ b: StoredValue, into writer: inout ByteWriter) -> Outcome {
        let start = writer.count
        var outcome = Outcome.incompatible
        if appendEnvelope(a, b, into: &writer) {
            let step = mergeMessages(a, a.message, b, b.message, into: &writer)
            if step == .unordered {
                writer.bytes.removeLast(writer.count - start)
                return mergeOrdered(a, b, into: &writer)
            }
            outcome = step.outcome
            if outcome == .merged && !isSound(from: start, of: writer, a, b) { outcome = .incompatible }
        }
        if outcome != .merged { writer.bytes.removeLast(writer.count - start) }
        return outcome
    }

    /// Where one envelope names a monoid for a field that only the other side has, and does not name there, the field has to be
    /// a state of it: else the merged value would be none that could be merged with anything.
    private static func isSound(from start: Int, of writer: ByteWriter, _ a: StoredValue, _ b: StoredValue) -> Bool {
        if a.hasEnvelope(of: b) { return true }
        return writer.bytes.withUnsafeBytes { bytes in
            StoredValue(UnsafeRawBufferPointer(rebasing: bytes[start...])).map { isSound($0) } ?? false
        }
    }

    /// Whether every field of the value is a state of its monoid: then only the other can make a merge fail.
    static func isSound(_ value: StoredValue) -> Bool {
        var monoids = EnvelopeCursor(value)
        var cursor = FieldCursor(value.message)
        while let field = cursor.field {
            if let monoid = monoids.monoid(of: field.number), !monoid.validates(field) { return false }
            cursor.advance()
        }
        switch cursor.end {
        case .whole: return true
        case .malformed: return false
        case .unordered:
            guard let message = FieldCursor.ordered(value.message) else { return false }
            return message.withUnsafeBytes { isSound(StoredValue(value, message: $0)) }
        }
    }

    private enum Step {
        case merged, secondUndecodable, incompatible, unordered

        var outcome: Outcome {
            switch self {
            case .merged: .merged
            case .secondUndecodable: .secondUndecodable
            case .incompatible, .unordered: .incompatible
            }
        }
    }

    private static func mergeMessages(
        _ first: StoredValue, _ a: UnsafeRawBufferPointer, _ second: StoredValue, _ b: UnsafeRawBufferPointer,
        into writer: inout ByteWriter
    ) -> Step {
        var aCursor = FieldCursor(a)
        var bCursor = FieldCursor(b)
        var aMonoids = EnvelopeCursor(first)
        var bMonoids = EnvelopeCursor(second)
        while true {
            guard let bField = bCursor.field else {
                guard let aField = aCursor.field else { break }
                writer.append(contentsOf: aField.encoded)
                aCursor.advance()
                continue
            }
            let bMonoid = bMonoids.monoid(of: bField.number)
            while let aField = aCursor.field, aField.number < bField.number {
                writer.append(contentsOf: aField.encoded)
                aCursor.advance()
            }
            if let aField = aCursor.field, aField.number == bField.number {
                guard let monoid = bMonoid ?? aMonoids.monoid(of: bField.number) else { return .incompatible }
                guard monoid.combine(aField, bField, field: bField.number, into: &writer) else {
                    // By what its own envelope says, or the order of merging would matter.
                    return bMonoid?.validates(bField) == false ? .secondUndecodable : .incompatible
                }
                aCursor.advance()
            } else {
                if let bMonoid, !bMonoid.validates(bField) { return .secondUndecodable }
                writer.append(contentsOf: bField.encoded)
            }
            bCursor.advance()
        }
        switch (aCursor.end, bCursor.end) {
        case (.whole, .whole): return .merged
        case (_, .malformed): return .secondUndecodable
        case (.malformed, _): return .incompatible
        default: return .unordered
        }
    }

    private static func mergeOrdered(_ a: StoredValue, _ b: StoredValue, into writer: inout ByteWriter) -> Outcome {
        guard let bMessage = FieldCursor.ordered(b.message) else { return .secondUndecodable }
        guard let aMessage = FieldCursor.ordered(a.message) else { return .incompatible }
        return aMessage.withUnsafeBytes { aMessage in
            bMessage.withUnsafeBytes { bMessage in
                merge(StoredValue(a, message: aMessage), StoredValue(b, message: bMessage), into: &writer)
            }
        }
    }

    /// The union of two envelopes. false where they name different monoids for a field.
    private static func appendEnvelope(_ a: StoredValue, _ b: StoredValue, into writer: inout ByteWriter) -> Bool {
        if a.hasEnvelope(of: b) {
            writer.append(contentsOf: a.envelope)
            return true
        }
        var count: UInt64 = 0
        guard forEachEntry(of: a, b, { _, _ in count += 1 }) else { return false }
        writer.append(StoredValue.formatVersion)
        writer.append(StoredValue.Kind.fields.rawValue)
        writer.append(varint: count)
        return forEachEntry(of: a, b) { number, code in
            writer.append(varint: UInt64(number))
            writer.append(code)
        }
    }

    private static func forEachEntry(of a: StoredValue, _ b: StoredValue, _ body: (Int, UInt8) -> Void) -> Bool {
        var aEntry = EnvelopeCursor(a)
        var bEntry = EnvelopeCursor(b)
        var hasA = aEntry.advance()
        var hasB = bEntry.advance()
        while hasA || hasB {
            if hasA, hasB, aEntry.number == bEntry.number {
                guard aEntry.code == bEntry.code else { return false }
                body(aEntry.number, aEntry.code)
                hasA = aEntry.advance()
                hasB = bEntry.advance()
            } else if hasA, !hasB || aEntry.number < bEntry.number {
                body(aEntry.number, aEntry.code)
                hasA = aEntry.advance()
            } else {
                body(bEntry.number, bEntry.code)
                hasB = bEntry.advance()
            }
        }
        return true
    }
}
