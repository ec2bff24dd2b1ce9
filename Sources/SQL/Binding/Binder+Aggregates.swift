internal import Catalog
internal import Expressions
internal import Monoids
internal import Records

extension Binder {
    /// The presented aggregate: a column of the batch that a table's columns are computed over.
    mutating func bindAggregate(_ call: CallSyntax, _ name: String) throws(SQLError) -> Expression {
        try checkPlace(of: call, name)
        guard let aggregate = KnownFunctions.Aggregate(rawValue: name) else {
            throw source.error(.unsupported, at: call.function.offset, "this Maser does not have \(name)")
        }
        if let offset = call.distinctOffset {
            throw source.error(
                .unsupported, at: offset, "this Maser has no aggregates over DISTINCT values",
                hint: "two partial results cannot be combined unless all values are kept")
        }
        let outside = place
        place = .argument(of: name)
        defer { place = outside }
        var condition: Expression?
        if let filter = call.filter { condition = try bind(filter, as: .bool, "FILTER takes") }
        if call.isStar {
            guard aggregate == .count else {
                throw source.error(.meaning, at: call.function.offset, "only COUNT takes *", hint: "write \(name)(x)")
            }
            return add(.count, [], where: condition, type: .int64)
        }
        let takesTwo = aggregate == .minimumBy || aggregate == .maximumBy
        try checkCount(call, takesTwo ? 2...2 : 1...1, takesTwo ? "x, y" : aggregate == .count ? "*" : "x")
        let arguments = try bindAll(call.arguments)
        for expression in arguments.map(\.expression) + (condition.map { [$0] } ?? []) {
            try checkDepth(expression, at: call.function.offset)
        }
        return try bindAggregate(aggregate, name, arguments, where: condition, at: call)
    }

    private func checkPlace(of call: CallSyntax, _ name: String) throws(SQLError) {
        switch place {
        case .aggregates: return
        case .record(let clause):
            throw source.error(
                .meaning, at: call.function.offset, "\(clause) is about single records, so \(name) cannot stand there",
                hint: clause == "WHERE" ? "aggregates stand in the SELECT list of a query with GROUP BY" : nil)
        case .argument(let outer):
            throw source.error(
                .meaning, at: call.function.offset, "\(name) cannot stand inside \(outer)",
                hint: "an aggregate takes values of single records")
        }
    }

    private mutating func bindAggregate(
        _ aggregate: KnownFunctions.Aggregate, _ name: String, _ arguments: [Bound], where condition: Expression?,
        at call: CallSyntax
    ) throws(SQLError) -> Expression {
        let takes = "\(name) takes"
        let argument = arguments[0]
        if argument.isNull {
            throw source.error(
                .meaning, at: argument.offset, "\(name) of NULL is no aggregate", hint: "an aggregate takes a column")
        }
        switch aggregate {
        case .count:
            // A literal is never NULL here.
            if case .literal = argument.expression { return add(.count, [], where: condition, type: .int64) }
            return add(.count, [argument.expression], where: condition, type: .int64)
        case .countIf:
            let predicate = try coerce(argument, to: .bool, takes)
            return add(.count, [], where: condition.map { .and($0, predicate) } ?? predicate, type: .int64)
        case .sum:
            let x = try numeric(argument, name)
            return add(x.type == .int64 ? .sumInt64 : .sumDouble, [x], where: condition, type: x.type)
        case .average:
            let x = try numeric(argument, name)
            return add(x.type == .int64 ? .averageInt64 : .averageDouble, [x], where: condition, type: .double)
        case .variancePopulation: return try spread(.variancePopulation, argument, name, where: condition)
        case .varianceSample: return try spread(.varianceSample, argument, name, where: condition)
        case .deviationPopulation: return try spread(.deviationPopulation, argument, name, where: condition)
        case .deviationSample: return try spread(.deviationSample, argument, name, where: condition)
        case .minimum: return value(.minimum, arguments, where: condition)
        case .maximum: return value(.maximum, arguments, where: condition)
        case .boolAnd, .boolOr:
            let x = try coerce(argument, to: .bool, takes)
            return add(aggregate == .boolAnd ? .minimum : .maximum, [x], where: condition, type: .bool)
        case .first, .last:
            guard scope.input.eventTimeColumn != nil else {
                throw source.error(
                    .meaning, at: call.function.offset,
                    "\(name) goes by event time, but input table \(scope.input.name) names none",
                    hint: "end its statement with TIME column")
            }
            return value(aggregate == .first ? .first : .last, arguments, where: condition)
        case .minimumBy, .maximumBy:
            if arguments[1].isNull {
                throw source.error(.meaning, at: arguments[1].offset, "\(name) by NULL picks nothing")
            }
            return value(aggregate == .minimumBy ? .minimumBy : .maximumBy, arguments, where: condition)
        }
    }

    private func numeric(_ bound: Bound, _ name: String) throws(SQLError) -> Expression {
        guard bound.type == .int64 || bound.type == .double else {
            let hint =
                bound.type == .bool
                ? "COUNT_IF counts the records for which it is TRUE"
                : Cast.exists(from: bound.type, to: .double) ? "CAST(... AS DOUBLE) makes it a number" : nil
            throw source.error(
                .meaning, at: bound.offset, "\(name) takes numbers, this is \(a(bound.type))", hint: hint)
        }
        return bound.expression
    }

    private mutating func spread(
        _ function: AggregateFunction, _ bound: Bound, _ name: String, where condition: Expression?
    ) throws(SQLError) -> Expression {
        add(function, [cast(try numeric(bound, name), to: .double)], where: condition, type: .double)
    }

    private mutating func value(
        _ function: AggregateFunction, _ arguments: [Bound], where condition: Expression?
    ) -> Expression {
        add(function, arguments.map(\.expression), where: condition, type: arguments[0].type)
    }

    private mutating func add(
        _ function: AggregateFunction, _ expressions: [Expression], where condition: Expression?, type: ValueType
    ) -> Expression {
        let names = scope.columns.map(\.name)
        return .column(
            aggregates.add(function, expressions, where: condition, type: type, columnNames: names), type)
    }
}
