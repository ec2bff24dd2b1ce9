internal import Bytes

/// Merges a stack of operands, oldest first, into one value.
struct MergeStack {
    private(set) var setAside = 0

    /// false only for a partial merge whose operands must stay apart: which of two that contradict each other is set
    /// aside depends on what stands below them.
    mutating func merge(
        _ base: StoredValue?, _ operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, isPartial: Bool,
        into result: inout [UInt8]
    ) -> Bool {
        var first = base
        var index = 0
        while first == nil, index < operands.count {
            first = sound(operands[index])
            index += 1
        }
        guard let first else { return true }
        let rest = UnsafeBufferPointer(rebasing: operands[index...])
        switch first.kind {
        case .row: return mergeRows(first, rest, isPartial, into: &result)
        case .fields: return mergeFields(first, rest, isPartial, into: &result)
        }
    }

    /// The operand where it is one that anything can be merged with; nil where it is the identity or set aside.
    private mutating func sound(_ operand: UnsafeRawBufferPointer) -> StoredValue? {
        if operand.isEmpty { return nil }
        guard let value = StoredValue(operand) else {
            setAside += 1
            return nil
        }
        let isSound =
            switch value.kind {
            case .fields: FieldMerge.isSound(value)
            case .row: UpsertRow(value.message) != nil
            }
        if !isSound { setAside += 1 }
        return isSound ? value : nil
    }

    private mutating func mergeFields(
        _ first: StoredValue, _ operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, _ isPartial: Bool,
        into result: inout [UInt8]
    ) -> Bool {
        // The first merge reads the base where it lies; after that two buffers take turns.
        var merged = ByteWriter()
        var next = ByteWriter()
        swap(&merged.bytes, &result)
        var isBase = true
        for operand in operands where !operand.isEmpty {
            guard let value = StoredValue(operand, like: first), value.kind == .fields else {
                if isPartial, StoredValue(operand) != nil { return false }
                setAside += 1
                continue
            }
            let outcome =
                if isBase {
                    FieldMerge.merge(first, value, into: &merged)
                } else {
                    merged.bytes.withUnsafeBytes { bytes in
                        // These bytes were written as a value a moment ago.
                        StoredValue(bytes, like: value).map { FieldMerge.merge($0, value, into: &next) }
                            ?? .incompatible
                    }
                }
            switch outcome {
            case .merged:
                if !isBase { swap(&merged, &next) }
                next.removeAll()
                isBase = false
            case .incompatible where isPartial: return false
            case .incompatible, .secondUndecodable: setAside += 1
            }
        }
        if isBase {
            merged.append(contentsOf: first.envelope)
            merged.append(contentsOf: first.message)
        }
        swap(&merged.bytes, &result)
        return true
    }

    /// The greatest wins as a whole. Rows of the same place in the same input are equal unless something is wrong; then
    /// the greater bytes win, so that the order of merging still cannot matter.
    private mutating func mergeRows(
        _ first: StoredValue, _ operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, _ isPartial: Bool,
        into result: inout [UInt8]
    ) -> Bool {
        var winner = first
        // A base that cannot be read is kept, as every base is.
        var order = UpsertRow(first.message)?.order
        for operand in operands where !operand.isEmpty {
            guard let value = StoredValue(operand, like: first), value.kind == .row,
                let candidate = UpsertRow(value.message)?.order
            else {
                if isPartial, let value = StoredValue(operand), value.kind == .fields { return false }
                setAside += 1
                continue
            }
            guard let best = order else {
                setAside += 1
                continue
            }
            if candidate > best || candidate == best && winner.message.lexicographicallyPrecedes(value.message) {
                winner = value
                order = candidate
            }
        }
        result.append(contentsOf: winner.envelope)
        result.append(contentsOf: winner.message)
        return true
    }
}
