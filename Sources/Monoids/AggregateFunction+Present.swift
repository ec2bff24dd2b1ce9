package import Bytes

extension AggregateFunction {
    /// What a reader sees of the states, which come in the order of `states`; nil is an absent state. A result of nil is
    /// NULL. Throws where a payload is not a state of its monoid.
    package func present(_ states: [ProtobufField?]) throws(BytesError) -> Scalar? {
        nil
    }
}
