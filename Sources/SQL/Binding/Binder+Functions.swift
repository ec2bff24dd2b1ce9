internal import Expressions
internal import Records

extension Binder {
    mutating func bindCall(_ call: CallSyntax) throws(SQLError) -> Expression {
        let name = call.function.text.uppercased()
        if KnownFunctions.isAggregate(call.function) { return try bindAggregate(call, name) }
        guard let function = KnownFunctions.scalars[name] else {
            if KnownFunctions.shorthands.contains(name) {
                try refuseAggregateSyntax(call)
                return try bindShorthand(call, name)
            }
            let hint =
                KnownFunctions.foreignNames[name]
                ?? Suggestion.hint(for: name, among: KnownFunctions.names)
                ?? "the functions are \(KnownFunctions.names.joined(separator: ", "))"
            throw source.error(
                .name, at: call.function.offset, "there is no function \(call.function.text)", hint: hint)
        }
        try refuseAggregateSyntax(call)
        return try bindScalar(function, name, call, try bindAll(call.arguments))
    }

    private func refuseAggregateSyntax(_ call: CallSyntax) throws(SQLError) {
        guard call.isStar || call.distinctOffset != nil || call.filter != nil else { return }
        throw source.error(
            .meaning, at: call.function.offset,
            "\(call.function.text) is no aggregate, and has no *, DISTINCT or FILTER")
    }

    func checkCount(_ call: CallSyntax, _ counts: ClosedRange<Int>, _ usage: String) throws(SQLError) {
        guard !counts.contains(call.arguments.count) || call.isStar else { return }
        let name = call.function.text.uppercased()
        let given = call.isStar ? "*" : "\(call.arguments.count) argument\(call.arguments.count == 1 ? "" : "s")"
        throw source.error(
            .meaning, at: call.function.offset, "\(name) does not take \(given)", hint: "write \(name)(\(usage))")
    }

    private mutating func bindShorthand(_ call: CallSyntax, _ name: String) throws(SQLError) -> Expression {
        if name == "MOD" {
            try checkCount(call, 2...2, "dividend, divisor")
            return try bindArithmetic(.modulo, call.arguments[0], call.arguments[1])
        }
        try checkCount(call, 3...3, "condition, then, otherwise")
        let branch = BranchSyntax(condition: call.arguments[0], result: call.arguments[1])
        return try bindCase(nil, [branch], otherwise: call.arguments[2])
    }

    private func bindScalar(
        _ function: ScalarFunction, _ name: String, _ call: CallSyntax, _ arguments: [Bound]
    ) throws(SQLError) -> Expression {
        let takes = "\(name) takes"
        switch function {
        case .coalesce, .greatest, .least:
            try checkCount(call, 1...1000, "x, y, ...")
            let (expressions, type) = try unify(arguments, "the arguments of \(name)")
            return .function(function, expressions, type)
        case .nullIf:
            try checkCount(call, 2...2, "x, y")
            let (expressions, type) = try unify(arguments, "the arguments of \(name)")
            return .function(function, expressions, type)
        case .abs, .sign, .floor, .ceil:
            try checkCount(call, 1...1, "x")
            let operand = try number(arguments[0], takes)
            return .function(function, [operand], operand.type)
        case .round:
            try checkCount(call, 1...2, "x [, decimals]")
            if arguments.count == 1 {
                let operand = try number(arguments[0], takes)
                return .function(.round, [operand], operand.type)
            }
            return try typed(.round, [.double, .int64], arguments, .double, takes)
        case .squareRoot, .exponential, .naturalLogarithm, .decimalLogarithm:
            try checkCount(call, 1...1, "x")
            return try typed(function, [.double], arguments, .double, takes)
        case .power:
            try checkCount(call, 2...2, "base, exponent")
            return try typed(function, [.double, .double], arguments, .double, takes)
        case .lower, .upper, .trim, .trimStart, .trimEnd:
            try checkCount(call, 1...1, "string")
            return try typed(function, [.string], arguments, .string, takes)
        case .length:
            try checkCount(call, 1...1, "string")
            let type: ValueType = arguments[0].type == .bytes ? .bytes : .string
            return try typed(function, [type], arguments, .int64, takes)
        case .substring:
            try checkCount(call, 2...3, "string, first [, count]")
            return try typed(function, [.string, .int64, .int64], arguments, .string, takes)
        case .concat:
            try checkCount(call, 1...1000, "string, ...")
            return try concat(arguments, name)
        case .replace:
            try checkCount(call, 3...3, "string, old, new")
            return try typed(function, [.string, .string, .string], arguments, .string, takes)
        case .position:
            try checkCount(call, 2...2, "string, sought")
            return try typed(function, [.string, .string], arguments, .int64, takes)
        case .startsWith, .endsWith:
            try checkCount(call, 2...2, "string, part")
            return try typed(function, [.string, .string], arguments, .bool, takes)
        case .truncate:
            try checkCount(call, 2...2, "'unit', time")
            return try truncation(arguments[0], try coerce(arguments[1], to: .timestamp, takes))
        case .isIn, .like, .extract: preconditionFailure("these have a syntax of their own")
        }
    }

    private func number(_ bound: Bound, _ what: String) throws(SQLError) -> Expression {
        if bound.isNull { return .literal(.null, .int64) }
        return bound.type == .int64 ? bound.expression : try coerce(bound, to: .double, what)
    }

    /// Arguments of fixed types, of which the last may be missing.
    private func typed(
        _ function: ScalarFunction, _ types: [ValueType], _ arguments: [Bound], _ result: ValueType, _ what: String
    ) throws(SQLError) -> Expression {
        var expressions: [Expression] = []
        for (argument, type) in zip(arguments, types) { expressions.append(try coerce(argument, to: type, what)) }
        return .function(function, expressions, result)
    }

    private func truncation(_ unit: Bound, _ time: Expression) throws(SQLError) -> Expression {
        guard case .string(let text) = unit.flexibility else {
            throw source.error(
                .meaning, at: unit.offset, "the unit of DATE_TRUNC is a string",
                hint: "for instance DATE_TRUNC('day', time)")
        }
        let part = try timePart(text, at: unit.offset)
        guard part.isTruncatable else {
            throw source.error(
                .meaning, at: unit.offset, "a time cannot be cut down to \(part.rawValue)",
                hint:
                    "the units are \(TimePart.allCases.filter(\.isTruncatable).map(\.rawValue).joined(separator: ", "))"
            )
        }
        return .function(.truncate, [.literal(.string(part.rawValue), .string), time], .timestamp)
    }
}
