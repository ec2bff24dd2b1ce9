extension ExpressionSyntax.Kind {
    var children: [ExpressionSyntax] {
        switch self {
        case .column, .null, .bool, .integer, .decimal, .string, .bytes, .timestamp, .interval: []
        case .negate(let operand), .not(let operand), .isTruth(let operand, _), .cast(let operand, _),
            .extract(_, let operand):
            [operand]
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .isDistinct(let left, let right),
            .like(let left, let right):
            [left, right]
        case .all(let terms), .any(let terms), .concat(let terms): terms
        case .isIn(let operand, let items): [operand] + items
        case .between(let operand, let low, let high): [operand, low, high]
        case .caseWhen(let operand, let branches, let otherwise):
            [operand, otherwise].compactMap { $0 } + branches.flatMap { [$0.condition, $0.result] }
        case .call(let call): call.arguments + (call.filter.map { [$0] } ?? [])
        }
    }
}
