import Expressions
import Records
import Testing

/// A batch is only faster than its rows one by one, never different.
@Suite struct AgreementTests {
    static let types = ValueType.allCases

    @Test(arguments: 0..<40)
    func aBatchAgreesWithItsRowsOneByOne(_ seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        for _ in 0..<20 {
            let rows = Int.random(in: 0...7, using: &random)
            let values = Self.types.map { type in (0..<rows).map { _ in random.value(type) } }
            let columns = zip(Self.types, values).map { Column(type: $0, values: $1) }
            let batch = RecordBatch(count: rows, columns: columns)
            let type = Self.types.randomElement(using: &random) ?? .bool
            let expression = random.expression(type, depth: 4)
            let result = expression.evaluate(over: batch)
            #expect(result.type == type)
            #expect(result.count == rows)
            for row in 0..<rows {
                let single = RecordBatch(
                    count: 1, columns: zip(Self.types, values).map { Column(type: $0, values: [$1[row]]) })
                let alone = expression.evaluate(over: single).value(at: 0)
                #expect(same(result.value(at: row), alone), "\(expression.sql(names: Self.types.map(\.rawValue)))")
                // As literals, the row's values make the whole expression a constant.
                let literal = substituting(expression) { .literal(values[$0][row], Self.types[$0]) }
                let constant = literal.evaluate(over: single).value(at: 0)
                #expect(same(constant, alone), "\(literal.sql(names: []))")
            }
        }
    }

    private func substituting(_ expression: Expression, _ replacement: (Int) -> Expression) -> Expression {
        if case .column(let index, _) = expression { return replacement(index) }
        return expression.mapChildren { substituting($0, replacement) }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func pick<T>(_ items: T...) -> T { items[Int.random(in: items.indices, using: &self)] }

    mutating func value(_ type: ValueType) -> Value {
        if Int.random(in: 0..<4, using: &self) == 0 { return .null }
        switch type {
        case .bool: return .bool(pick(true, false))
        case .int64: return .int64(pick(0, 1, -1, 2, 3, .max, .min, 1_000_000))
        case .double:
            return .double(pick(0, -0.0, 1.5, -2.5, .nan, .infinity, -.infinity, 1e300, .leastNonzeroMagnitude, 0x1p63))
        case .string:
            return .string(pick("", "a", "abc", "ABC ", "日本", "12", "-1.5", "true", "%b_", "2013-01-01T00:00:00Z"))
        case .bytes: return .bytes(pick([], [0], [0xff, 0], [0x61]))
        case .timestamp: return .timestamp(pick(0, -1, 1_357_000_000_123_456, .min, .max))
        }
    }

    mutating func expression(_ type: ValueType, depth: Int) -> Expression {
        let leaf = depth == 0 || Int.random(in: 0..<6, using: &self) == 0
        if leaf {
            let index = AgreementTests.types.firstIndex(of: type) ?? 0
            return pick(true, false) ? .column(index, type) : .literal(value(type), type)
        }
        func sub(_ type: ValueType) -> Expression { expression(type, depth: depth - 1) }
        let any = pick(ValueType.bool, .int64, .double, .string, .bytes, .timestamp)
        switch Int.random(in: 0..<4, using: &self) {
        case 0:
            let branch = Expression.Branch(condition: sub(.bool), result: sub(type))
            return .caseWhen([branch], otherwise: pick(nil, sub(type)), type)
        case 1:
            let function: ScalarFunction = pick(.coalesce, .greatest, .least, .nullIf)
            return .function(function, [sub(type), sub(type)], type)
        case 2 where Cast.exists(from: any, to: type): return .cast(sub(any), to: type)
        default: break
        }
        switch type {
        case .bool:
            let symbol: ComparisonOperator = pick(.equal, .notEqual, .less, .greaterOrEqual)
            let function: ScalarFunction = pick(.like, .startsWith, .endsWith)
            return pick(
                .and(sub(.bool), sub(.bool)), .or(sub(.bool), sub(.bool)), .not(sub(.bool)), .isNull(sub(any)),
                .comparison(symbol, sub(any), sub(any)).matchingOperands(sub(any)),
                .function(function, [sub(.string), sub(.string)], .bool),
                .function(.isIn, [sub(.double), sub(.double), sub(.double)], .bool))
        case .int64:
            let part = pick(TimePart.year, .week, .dayOfYear, .second, .epoch).rawValue
            return pick(
                .arithmetic(pick(.add, .subtract, .multiply, .modulo), sub(.int64), sub(.int64)), .negate(sub(.int64)),
                .function(pick(.abs, .sign, .floor, .round), [sub(.int64)], .int64),
                .function(.length, [sub(pick(.string, .bytes))], .int64),
                .function(.position, [sub(.string), sub(.string)], .int64),
                .function(.extract, [.literal(.string(part), .string), sub(.timestamp)], .int64))
        case .double:
            let one: ScalarFunction = pick(
                .abs, .sign, .floor, .ceil, .round, .squareRoot, .exponential, .naturalLogarithm, .decimalLogarithm)
            return pick(
                .arithmetic(pick(.add, .subtract, .multiply, .divide), sub(.double), sub(.double)),
                .negate(sub(.double)), .function(one, [sub(.double)], .double),
                .function(.power, [sub(.double), sub(.double)], .double),
                .function(.round, [sub(.double), sub(.int64)], .double))
        case .string:
            return pick(
                .function(pick(.lower, .upper, .trim, .trimStart, .trimEnd), [sub(.string)], .string),
                .function(.substring, [sub(.string), sub(.int64), sub(.int64)], .string),
                .function(.concat, [sub(.string), sub(.string), sub(.string)], .string),
                .function(.replace, [sub(.string), sub(.string), sub(.string)], .string))
        case .bytes: return .function(.concat, [sub(.bytes), sub(.bytes)], .bytes)
        case .timestamp:
            let part = pick(TimePart.year, .quarter, .week, .hour).rawValue
            return pick(
                .arithmetic(pick(.add, .subtract), sub(.timestamp), sub(.int64)),
                .function(.truncate, [.literal(.string(part), .string), sub(.timestamp)], .timestamp))
        }
    }
}

extension Expression {
    /// A comparison whose right side has the type of its left.
    fileprivate func matchingOperands(_ other: Expression) -> Expression {
        guard case .comparison(let symbol, let left, let right) = self, left.type != right.type else { return self }
        return .comparison(symbol, other, other)
    }
}
