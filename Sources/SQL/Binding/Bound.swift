internal import Expressions
internal import Records

/// An expression that has a meaning and a type, unless it is a literal whose type its neighbours decide.
struct Bound {
    enum Flexibility: Hashable {
        case none
        /// NULL has every type.
        case null
        /// A string beside a TIMESTAMP is one.
        case string(String)
    }

    var expression: Expression
    var flexibility = Flexibility.none
    var offset: Int

    var type: ValueType { expression.type }
    var isNull: Bool { flexibility == .null }
    /// For an error message.
    var typeName: String { isNull ? "NULL" : type.rawValue }
}
