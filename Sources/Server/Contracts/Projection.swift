internal import Bytes
internal import Catalog
internal import RPC

/// Some columns of a table's rows, or states of its raw ones, by their numbers; they are left where they stand in a message.
struct Projection {
    /// nil: all of them.
    private let numbers: Set<Int>?

    init(_ columns: [UInt32], of table: TableEntry, isRaw: Bool) throws(RPCError) {
        if columns.isEmpty {
            numbers = nil
            return
        }
        guard columns.count <= greatestColumnCount else {
            throw RPCError(.invalidArgument, "a request names up to \(greatestColumnCount) columns")
        }
        let known = isRaw ? table.stateFields.map { ($0.number, $0.name) } : table.columns.map { ($0.number, $0.name) }
        for number in columns where !known.contains(where: { $0.0 == Int(number) }) {
            let those = known.sorted { $0.0 < $1.0 }.map { "\($0.0) (\($0.1))" }.joined(separator: ", ")
            throw RPCError(
                .invalidArgument,
                "table \(table.name) has no \(isRaw ? "state" : "column") with the number \(number); there are \(those)"
            )
        }
        numbers = Set(columns.map { Int($0) })
    }

    var isAll: Bool { numbers == nil }

    func append(_ message: UnsafeRawBufferPointer, to writer: inout ByteWriter) {
        guard let numbers else { return writer.append(contentsOf: message) }
        var fields = ProtobufReader(message)
        // Rows are the server's own messages.
        while let field = try? fields.next() {
            if numbers.contains(field.number) { writer.append(contentsOf: field.encoded) }
        }
    }
}
