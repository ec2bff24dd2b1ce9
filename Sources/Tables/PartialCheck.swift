internal import Bytes
package import Catalog

// What a checkpoint merges was made a moment ago by this process. What comes from another one, through files and pipes, is held
// against the table first: the merge operator must never fail, and so would set aside in silence what it cannot read.

/// Tells partials of one table from anything else.
package struct PartialCheck: Sendable {
    private let shape: KeyShape
    /// nil for an upsert table.
    private let prefix: OperandPrefix?

    /// A table that a query fills.
    package init(of table: TableEntry) {
        shape = KeyShape(of: table)
        prefix = if case .aggregate = table.source { OperandPrefix(of: table) } else { nil }
    }

    /// Why a tuple and an operand are no partial of the table; nil where they are.
    package func reason(against key: UnsafeRawBufferPointer, _ operand: UnsafeRawBufferPointer) -> String? {
        do {
            try shape.check(key)
        } catch {
            return error.message
        }
        guard let value = StoredValue(operand), isSound(value) else { return "the state is damaged" }
        return nil
    }

    private func isSound(_ value: StoredValue) -> Bool {
        switch value.kind {
        case .row: prefix == nil && UpsertRow(value.message) != nil
        case .fields: prefix.map { value.envelope.elementsEqual($0.bytes) } == true && FieldMerge.isSound(value)
        }
    }
}
