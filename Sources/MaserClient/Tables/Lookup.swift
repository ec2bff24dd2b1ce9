internal import RPC
internal import Records

/// Keys of one table and what their rows are read as: a part of `Client.batch`.
///
/// `Table.lookup` makes one.
public struct Lookup<Value: Sendable>: Sendable {
    let question: LookupQuestion
    /// The rows are in the order of the keys.
    let read: @Sendable (Answer<[Row?]>) throws(ClientError) -> Value

    /// The same, with what the server says of the answer.
    public var withFreshness: Lookup<Answer<Value>> {
        var question = question
        question.wantsFreshness = true
        return Lookup<Answer<Value>>(question: question) { [read] answer throws(ClientError) in
            Answer(value: try read(answer), freshness: answer.freshness, version: answer.version)
        }
    }
}

/// Keys of one table, as they are asked for.
struct LookupQuestion: Sendable {
    let table: String
    var keys: [[ColumnContent]]
    var version: UInt32?
    var columns: [String]?
    var wantsFreshness = false

    /// The same, as `schema` encodes it.
    func encoded(by schema: TableSchema) throws(ClientError) -> EncodedQuestion {
        let projection = try schema.projection(to: columns)
        var encoded = EncodedQuestion(
            table: table, projection: projection, reading: EncodedReading(version: version, columns: projection.numbers)
        )
        encoded.values.reserveCapacity(keys.count)
        encoded.keys.reserveCapacity(keys.count)
        for key in keys {
            let key = try schema.keyValues(key)
            encoded.values.append(key)
            encoded.keys.append(try TableSchema.encode(key))
        }
        return encoded
    }
}

struct EncodedQuestion: Sendable {
    let table: String
    let projection: Projection
    let reading: EncodedReading
    var values: [[Value]] = []
    var keys: [[UInt8]] = []
}

/// Collects the lookups of a `Client.batch`.
@resultBuilder
public enum LookupBuilder {
    public static func buildBlock<each Value: Sendable>(
        _ lookups: repeat Lookup<each Value>
    ) -> (repeat Lookup<each Value>) {
        (repeat each lookups)
    }
}
