package import Bytes
package import Catalog
internal import Monoids

/// The envelope that every operand of an aggregate table begins with. It lists all state fields of the table, also
/// those that a message does not have, so one constant serves every row.
package struct OperandPrefix: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(of table: TableEntry) {
        let fields = table.stateFields.sorted { $0.number < $1.number }
        var writer = ByteWriter()
        writer.append(StoredValue.formatVersion)
        writer.append(StoredValue.Kind.fields.rawValue)
        writer.append(varint: UInt64(fields.count))
        for field in fields {
            guard let monoid = field.monoid else {
                preconditionFailure("field \(field.number) of table \(table.name) has no monoid")
            }
            writer.append(varint: UInt64(field.number))
            writer.append(monoid.rawValue)
        }
        bytes = writer.bytes
    }

    @inlinable
    package func append(to writer: inout ByteWriter) {
        writer.append(contentsOf: bytes)
    }
}
