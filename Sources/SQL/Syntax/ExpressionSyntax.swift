internal import Expressions
internal import Records

/// A name as it stands in a file. Names match without case.
struct Name: Hashable, Sendable {
    var text: String
    var offset: Int
    var isQuoted = false

    var key: String { text.lowercased() }
}

/// An expression as it stands in a file: nothing in it has a meaning yet.
struct ExpressionSyntax: Sendable {
    indirect enum Kind: Sendable {
        case column(qualifier: Name?, Name)
        case null
        case bool(Bool)
        /// Digits, without a sign.
        case integer(String)
        case decimal(String)
        case string(String)
        case bytes([UInt8])
        case timestamp(String)
        /// Microseconds.
        case interval(Int64)
        case negate(ExpressionSyntax)
        case not(ExpressionSyntax)
        /// Two and more.
        case all([ExpressionSyntax])
        case any([ExpressionSyntax])
        case arithmetic(ArithmeticOperator, ExpressionSyntax, ExpressionSyntax)
        /// `||`
        case concat([ExpressionSyntax])
        case comparison(ComparisonOperator, ExpressionSyntax, ExpressionSyntax)
        case isTruth(ExpressionSyntax, TruthTest)
        case isDistinct(ExpressionSyntax, ExpressionSyntax)
        case isIn(ExpressionSyntax, [ExpressionSyntax])
        case between(ExpressionSyntax, ExpressionSyntax, ExpressionSyntax)
        case like(ExpressionSyntax, ExpressionSyntax)
        case caseWhen(operand: ExpressionSyntax?, [BranchSyntax], otherwise: ExpressionSyntax?)
        case cast(ExpressionSyntax, ValueType)
        case extract(Name, ExpressionSyntax)
        case call(CallSyntax)
    }

    enum TruthTest: Sendable {
        case null, yes, no
    }

    let kind: Kind
    let offset: Int
    /// How many expressions stand inside one another; a name or a literal is 1.
    let depth: Int

    init(kind: Kind, offset: Int) {
        self.kind = kind
        self.offset = offset
        depth = 1 + kind.children.reduce(0) { max($0, $1.depth) }
    }

    var containsAggregate: Bool {
        if case .call(let call) = kind, KnownFunctions.isAggregate(call.function) { return true }
        return kind.children.contains(where: \.containsAggregate)
    }
}

struct BranchSyntax: Sendable {
    var condition: ExpressionSyntax
    var result: ExpressionSyntax
}

struct CallSyntax: Sendable {
    var function: Name
    var arguments: [ExpressionSyntax]
    /// `COUNT(*)`
    var isStar = false
    /// Where DISTINCT stands.
    var distinctOffset: Int?
    /// `FILTER (WHERE ...)`
    var filter: ExpressionSyntax?
}
