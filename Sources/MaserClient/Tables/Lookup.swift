internal import Records

/// Keys of one table and what their rows are read as: a part of `Client.batch`.
///
/// `Table.lookup` makes one.
public struct Lookup<Answer: Sendable>: Sendable {
    let question: LookupQuestion
    /// The rows are in the order of the keys.
    let read: @Sendable ([Row?]) throws(ClientError) -> Answer
}

/// Keys of one table, as they are asked for.
struct LookupQuestion: Sendable {
    let table: String
    let keys: [[ColumnContent]]

    /// The same keys, as `schema` encodes them.
    func encoded(by schema: TableSchema) throws(ClientError) -> (values: [[Value]], keys: [[UInt8]]) {
        var values: [[Value]] = []
        var encoded: [[UInt8]] = []
        for key in keys {
            let key = try schema.keyValues(key)
            values.append(key)
            encoded.append(try TableSchema.encode(key))
        }
        return (values, encoded)
    }
}

/// Collects the lookups of a `Client.batch`.
@resultBuilder
public enum LookupBuilder {
    public static func buildBlock<each Answer: Sendable>(
        _ lookups: repeat Lookup<each Answer>
    ) -> (repeat Lookup<each Answer>) {
        (repeat each lookups)
    }
}
