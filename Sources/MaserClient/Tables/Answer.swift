/// What was read, and what the server says of it.
public struct Answer<Value: Sendable>: Sendable {
    public let value: Value
    /// Every record that was appended before this time, by the server's clock, is in the value. Of a table that only loads fill, when
    /// its version was made; nil where nothing was ever loaded, and where nobody asked.
    public let freshness: Timestamp?
    /// The version of the table that was read; `ReadOptions.version` takes it.
    public let version: UInt32

    package init(value: Value, freshness: Timestamp?, version: UInt32) {
        self.value = value
        self.freshness = freshness
        self.version = version
    }

    func map<Mapped>(_ transform: (Value) throws(ClientError) -> Mapped) throws(ClientError) -> Answer<Mapped> {
        Answer<Mapped>(value: try transform(value), freshness: freshness, version: version)
    }
}

extension Answer: Equatable where Value: Equatable {}
