package import Bytes

/// The columns of a stored row and their field numbers: rows are protobuf messages (Protocols/rows.md), written and
/// read by hand. NULL is an absent field; an empty string is present with length 0.
package struct RowLayout: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package let number: Int
        package let name: String
        package let type: ValueType
    }

    /// In the order in which values are given and returned.
    package let fields: [Field]
    /// Indices into `fields`, by ascending number: the order in which a message has them.
    let ascending: [Int]

    package init(columns: [(number: Int, name: String, type: ValueType)]) {
        fields = columns.map { Field(number: $0.number, name: $0.name, type: $0.type) }
        ascending = fields.indices.sorted { [fields] in fields[$0].number < fields[$1].number }
    }

    /// Appends a row's message. The values are in the order of `fields`, each NULL or of its field's type.
    package func encode(_ values: [Value], into writer: inout ByteWriter) {
        precondition(values.count == fields.count)
        for index in ascending {
            let field = fields[index]
            precondition(values[index].type == nil || values[index].type == field.type)
            switch values[index] {
            case .null: break
            case .bool(let value): writer.append(field: field.number, bool: value)
            case .int64(let value), .timestamp(let value): writer.append(field: field.number, int64: value)
            case .double(let value): writer.append(field: field.number, double: value)
            case .string(let value): writer.append(field: field.number, string: value)
            case .bytes(let value): writer.append(field: field.number, bytes: value)
            }
        }
    }

    /// Appends the message of one row of a batch whose columns are those of `fields`, in their order.
    package func encode(batch columns: [Column], row: Int, into writer: inout ByteWriter) {
        for index in ascending {
            if let nulls = columns[index].nulls, nulls[row] { continue }
            let number = fields[index].number
            switch columns[index].storage {
            case .bool(let values): writer.append(field: number, bool: values[row])
            case .int64(let values): writer.append(field: number, int64: values[row])
            case .double(let values): writer.append(field: number, double: values[row])
            case .bytes(let strings):
                let range = strings.range(at: row)
                strings.arena.withUnsafeBytes {
                    writer.append(field: number, bytes: UnsafeRawBufferPointer(rebasing: $0[range]))
                }
            }
        }
    }

    /// The values of a row's message, in the order of `fields`. Fields that the layout does not have are passed over;
    /// of a field that stands twice the last counts, as everywhere in protobuf.
    package func decode(_ message: UnsafeRawBufferPointer) throws(RecordsError) -> [Value] {
        var values = [Value](repeating: .null, count: fields.count)
        var reader = ProtobufReader(message)
        var next = 0
        do {
            while let field = try reader.next() {
                // Fields ascend, in Maser's own messages at least.
                if next > 0, fields[ascending[next - 1]].number >= field.number { next = 0 }
                while next < ascending.count, fields[ascending[next]].number < field.number { next += 1 }
                guard next < ascending.count, fields[ascending[next]].number == field.number else { continue }
                values[ascending[next]] = try Self.value(of: field, as: fields[ascending[next]])
            }
        } catch let error as BytesError {
            throw RecordsError(.corrupt, "a row cannot be decoded: \(error.message)", cause: error)
        } catch let error as RecordsError {
            throw error
        } catch {
            throw RecordsError(.corrupt, "a row cannot be decoded")
        }
        return values
    }

    private static func value(of encoded: ProtobufField, as field: Field) throws(RecordsError) -> Value {
        switch (field.type, encoded.wireType) {
        case (.bool, .varint): return .bool(encoded.bits != 0)
        case (.int64, .varint): return .int64(encoded.int64)
        case (.timestamp, .varint): return .timestamp(encoded.int64)
        case (.double, .fixed64): return .double(encoded.double)
        case (.bytes, .lengthDelimited): return .bytes([UInt8](encoded.bytes))
        case (.string, .lengthDelimited):
            guard let text = String(validating: encoded.bytes, as: UTF8.self) else {
                throw RecordsError(.corrupt, "column \(field.name) of a row is not UTF-8")
            }
            return .string(text)
        default:
            throw RecordsError(.corrupt, "column \(field.name) of a row is not encoded as \(field.type.rawValue)")
        }
    }
}
