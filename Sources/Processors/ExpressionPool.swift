internal import Expressions
internal import Records

/// The distinct expressions that the tables over one input table take from a record, so that each is evaluated once a
/// batch, whoever asks for it: COUNT(x), SUM(x) and AVG(x) of five tables evaluate x once.
struct ExpressionPool {
    private(set) var expressions: [Expression] = []
    private var indices: [Expression: Int] = [:]

    /// Where the value of `expression` will stand in what `evaluate` returns.
    mutating func index(of expression: Expression) -> Int {
        if let index = indices[expression] { return index }
        let index = expressions.count
        indices[expression] = index
        expressions.append(expression)
        return index
    }

    /// The columns of the input table that any of them reads, in ascending order.
    var inputColumns: [Int] {
        expressions.reduce(into: Set<Int>()) { $0.formUnion($1.columnIndices) }.sorted()
    }

    /// The same expressions over a batch that has only `columns`.
    func narrowed(to columns: [Int]) -> [Expression] {
        let map = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
        return expressions.map { $0.remapped(map) }
    }
}
