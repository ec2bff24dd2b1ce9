import Records

extension ScalarFunction {
    func apply(_ arguments: [Vector], _ type: ValueType) -> Vector {
        switch self {
        case .coalesce: return Choice.coalesce(arguments, type)
        case .nullIf: return Choice.nullIf(arguments[0], arguments[1])
        case .isIn:
            return arguments.dropFirst().reduce(Vector(constant: .bool(false), .bool)) {
                Logic.or($0, Comparison.apply(.equal, arguments[0], $1))
            }
        default: break
        }
        if arguments.contains(where: \.isNullConstant) { return .null(type) }
        switch self {
        case .coalesce, .nullIf, .isIn: preconditionFailure("answered above")
        case .greatest: return Choice.extreme(arguments, .greater)
        case .least: return Choice.extreme(arguments, .less)
        case .abs: return NumericFunctions.abs(arguments[0])
        case .sign: return NumericFunctions.sign(arguments[0])
        case .floor: return NumericFunctions.rounded(arguments[0], .down)
        case .ceil: return NumericFunctions.rounded(arguments[0], .up)
        case .round:
            if arguments.count == 2 { return NumericFunctions.rounded(arguments[0], decimals: arguments[1]) }
            return NumericFunctions.rounded(arguments[0], .toNearestOrAwayFromZero)
        case .squareRoot: return NumericFunctions.squareRoot(arguments[0])
        case .power: return NumericFunctions.power(arguments[0], arguments[1])
        case .exponential: return NumericFunctions.exponential(arguments[0])
        case .naturalLogarithm: return NumericFunctions.naturalLogarithm(arguments[0])
        case .decimalLogarithm: return NumericFunctions.decimalLogarithm(arguments[0])
        case .lower: return StringFunctions.changeCase(arguments[0], toUpper: false)
        case .upper: return StringFunctions.changeCase(arguments[0], toUpper: true)
        case .trim: return StringFunctions.trim(arguments[0], start: true, end: true)
        case .trimStart: return StringFunctions.trim(arguments[0], start: true, end: false)
        case .trimEnd: return StringFunctions.trim(arguments[0], start: false, end: true)
        case .length: return StringFunctions.length(arguments[0])
        case .substring:
            let count = arguments.count > 2 ? arguments[2] : nil
            return StringFunctions.substring(arguments[0], from: arguments[1], count: count)
        case .concat: return StringFunctions.concat(arguments, type)
        case .replace: return StringFunctions.replace(arguments[0], arguments[1], by: arguments[2])
        case .position: return StringFunctions.position(arguments[0], of: arguments[1])
        case .like: return StringFunctions.like(arguments[0], arguments[1])
        case .startsWith: return StringFunctions.startsWith(arguments[0], arguments[1])
        case .endsWith: return StringFunctions.endsWith(arguments[0], arguments[1])
        case .extract:
            let part = Self.part(arguments[0])
            return Arithmetic.int64s(arguments[1]) { (part.extract(from: $0), false) }.retyped(.int64)
        case .truncate:
            let part = Self.part(arguments[0])
            return Arithmetic.int64s(arguments[1]) {
                let start = part.truncate($0)
                return (start ?? 0, start == nil)
            }
        }
    }

    private static func part(_ argument: Vector) -> TimePart {
        guard argument.isConstant, case .string(let name) = argument.column.value(at: 0),
            let part = TimePart(rawValue: name)
        else { preconditionFailure("the part of a time is a literal that the binder has checked") }
        return part
    }
}
