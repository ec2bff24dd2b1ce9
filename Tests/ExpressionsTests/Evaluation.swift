import Expressions
import Records
import Testing

/// The value of an expression of literals, which must not depend on how its operands arrive: as constants, as columns, or
/// as columns that have other rows with NULLs beside them.
func value(_ expression: Expression, _ location: SourceLocation = #_sourceLocation) -> Value {
    let empty = RecordBatch(count: 2, columns: [])
    let constant = expression.evaluate(over: empty)
    #expect(constant.type == expression.type, sourceLocation: location)
    #expect(constant.count == 2, sourceLocation: location)
    #expect(same(constant.value(at: 0), constant.value(at: 1)), sourceLocation: location)

    var literals: [(Value, ValueType)] = []
    let overColumns = columnsForLiterals(expression, &literals)
    let columns = literals.map { Column(type: $1, values: [$0, .null, $0]) }
    let spread = overColumns.evaluate(over: RecordBatch(count: 3, columns: columns))
    #expect(same(spread.value(at: 0), constant.value(at: 0)), "as columns", sourceLocation: location)
    #expect(same(spread.value(at: 2), constant.value(at: 0)), "as columns", sourceLocation: location)

    // Every second literal as a column, so that constants meet columns.
    var mixed = columnsForLiterals(expression, &literals)
    mixed = replacing(mixed) { index in index % 2 == 0 ? nil : .literal(literals[index].0, literals[index].1) }
    #expect(
        same(mixed.evaluate(over: RecordBatch(count: 3, columns: columns)).value(at: 0), constant.value(at: 0)),
        "mixed", sourceLocation: location)
    #expect(expression.evaluate(over: RecordBatch(count: 0, columns: [])).count == 0, sourceLocation: location)
    return constant.value(at: 0)
}

/// Equal to the bit.
func same(_ a: Value, _ b: Value) -> Bool {
    if case .double(let x) = a, case .double(let y) = b { return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN }
    return a == b
}

private func columnsForLiterals(_ expression: Expression, _ literals: inout [(Value, ValueType)]) -> Expression {
    literals = []
    return lift(expression, &literals)
}

private func lift(_ expression: Expression, _ literals: inout [(Value, ValueType)]) -> Expression {
    switch expression {
    case .literal(let value, let type):
        literals.append((value, type))
        return .column(literals.count - 1, type)
    case .function(let function, let arguments, let type) where function == .extract || function == .truncate:
        return .function(function, [arguments[0], lift(arguments[1], &literals)], type)
    default: return expression.mapChildren { lift($0, &literals) }
    }
}

private func replacing(_ expression: Expression, _ replacement: (Int) -> Expression?) -> Expression {
    if case .column(let index, _) = expression { return replacement(index) ?? expression }
    return expression.mapChildren { replacing($0, replacement) }
}

func int(_ value: Int64?) -> Expression { .literal(value.map { .int64($0) } ?? .null, .int64) }
func double(_ value: Double?) -> Expression { .literal(value.map { .double($0) } ?? .null, .double) }
func text(_ value: String?) -> Expression { .literal(value.map { .string($0) } ?? .null, .string) }
func bool(_ value: Bool?) -> Expression { .literal(value.map { .bool($0) } ?? .null, .bool) }
func bytes(_ value: [UInt8]) -> Expression { .literal(.bytes(value), .bytes) }
func time(_ value: Int64?) -> Expression { .literal(value.map { .timestamp($0) } ?? .null, .timestamp) }
func time(_ value: String) -> Expression { time(Timestamp.parse(value)) }

func call(_ function: ScalarFunction, _ arguments: Expression..., type: ValueType? = nil) -> Expression {
    .function(function, arguments, type ?? arguments[0].type)
}
