internal import Bytes

extension RowLayout {
    /// The columns of many rows' messages, in the order of `fields`; an absent row is NULL in each of them. Text is taken as
    /// it stands: it was checked when it was written.
    package func decodeColumns(
        _ messages: ByteStrings, isPresent: [Bool]
    ) throws(RecordsError) -> [Column] {
        var builders = fields.map { ColumnBuilder(type: $0.type, capacity: isPresent.count) }
        // Where in the arena each field of a row stands; most messages are read in one pass over ascending numbers.
        var found = [ProtobufField?](repeating: nil, count: fields.count)
        try messages.arena.withBytes { arena throws(RecordsError) in
            for row in isPresent.indices {
                for index in found.indices { found[index] = nil }
                if isPresent[row] {
                    try locate(UnsafeRawBufferPointer(rebasing: arena[messages.range(at: row)]), &found)
                }
                for index in fields.indices { try append(found[index], fields[index], to: &builders[index]) }
            }
        }
        return builders.map { $0.finish() }
    }

    private func locate(
        _ message: UnsafeRawBufferPointer, _ found: inout [ProtobufField?]
    ) throws(RecordsError) {
        var reader = ProtobufReader(message)
        var next = 0
        do {
            while let field = try reader.next() {
                if next > 0, fields[ascending[next - 1]].number >= field.number { next = 0 }
                while next < ascending.count, fields[ascending[next]].number < field.number { next += 1 }
                guard next < ascending.count, fields[ascending[next]].number == field.number else { continue }
                found[ascending[next]] = field
            }
        } catch {
            throw RecordsError(.corrupt, "a row cannot be decoded: \(error.message)", cause: error)
        }
    }

    private func append(
        _ found: ProtobufField?, _ field: Field, to builder: inout ColumnBuilder
    ) throws(RecordsError) {
        guard let found else { return builder.appendNull() }
        switch (field.type, found.wireType) {
        case (.bool, .varint): builder.append(found.bits != 0)
        case (.int64, .varint), (.timestamp, .varint): builder.append(found.int64)
        case (.double, .fixed64): builder.append(found.double)
        case (.string, .lengthDelimited), (.bytes, .lengthDelimited): builder.append(found.bytes)
        default:
            throw RecordsError(.corrupt, "column \(field.name) of a row is not encoded as \(field.type.rawValue)")
        }
    }
}
