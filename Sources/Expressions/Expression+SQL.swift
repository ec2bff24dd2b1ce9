package import Records

// Prints expressions back as SQL. What is printed reads back as an expression of the same meaning.

extension Expression {
    /// `names` are those of the batch's columns.
    package func sql(names: [String]) -> String {
        print(names).text
    }

    /// How tightly a text holds together: what stands inside something tighter needs parentheses.
    private enum Tightness: Int {
        case or
        case and
        case not
        case comparison
        case sum
        case product
        case sign
        case primary
    }

    private typealias Printed = (text: String, tightness: Tightness)

    private func print(_ names: [String], atLeast tightness: Tightness) -> String {
        let printed = print(names)
        return printed.tightness.rawValue < tightness.rawValue ? "(\(printed.text))" : printed.text
    }

    private func print(_ names: [String]) -> Printed {
        switch self {
        case .column(let index, _):
            return (names.indices.contains(index) ? quoted(identifier: names[index]) : "$\(index)", .primary)
        case .literal(let value, let type):
            let text = sqlLiteral(value, type)
            return (text, text.hasPrefix("-") ? .sign : .primary)
        case .cast(let operand, let type): return ("CAST(\(operand.sql(names: names)) AS \(type.rawValue))", .primary)
        case .not(.isNull(let operand)):
            return (operand.print(names, atLeast: .sum) + " IS NOT NULL", .comparison)
        case .not(let operand): return ("NOT " + operand.print(names, atLeast: .not), .not)
        case .negate(let operand): return ("-" + operand.print(names, atLeast: .primary), .sign)
        case .isNull(let operand): return (operand.print(names, atLeast: .sum) + " IS NULL", .comparison)
        case .arithmetic(let symbol, let left, let right):
            let tightness: Tightness = symbol == .add || symbol == .subtract ? .sum : .product
            let tighter: Tightness = tightness == .sum ? .product : .sign
            let text = [left.print(names, atLeast: tightness), symbol.rawValue, right.print(names, atLeast: tighter)]
            return (text.joined(separator: " "), tightness)
        case .comparison(let symbol, let left, let right):
            let text = [left.print(names, atLeast: .sum), symbol.rawValue, right.print(names, atLeast: .sum)]
            return (text.joined(separator: " "), .comparison)
        case .and(let left, let right):
            return (left.print(names, atLeast: .and) + " AND " + right.print(names, atLeast: .and), .and)
        case .or(let left, let right):
            return (left.print(names, atLeast: .or) + " OR " + right.print(names, atLeast: .or), .or)
        case .caseWhen(let branches, let otherwise, _):
            let texts = branches.map { " WHEN \($0.condition.sql(names: names)) THEN \($0.result.sql(names: names))" }
            let rest = otherwise.map { " ELSE " + $0.sql(names: names) } ?? ""
            return ("CASE" + texts.joined() + rest + " END", .primary)
        case .function(.like, let arguments, _):
            let text = [arguments[0].print(names, atLeast: .sum), arguments[1].print(names, atLeast: .sum)]
            return (text.joined(separator: " LIKE "), .comparison)
        case .function(.extract, let arguments, _):
            guard case .literal(.string(let part), _) = arguments[0] else { break }
            return ("EXTRACT(\(part) FROM \(arguments[1].sql(names: names)))", .primary)
        case .function: break
        }
        guard case .function(let function, let arguments, _) = self else { preconditionFailure("printed above") }
        return ("\(function.rawValue)(\(arguments.map { $0.sql(names: names) }.joined(separator: ", ")))", .primary)
    }
}

/// A literal as SQL writes it; a NULL with its type.
package func sqlLiteral(_ value: Value, _ type: ValueType) -> String {
    switch value {
    case .null: "CAST(NULL AS \(type.rawValue))"
    case .bool(let value): value ? "TRUE" : "FALSE"
    case .int64(let value): String(value)
    case .double(let value): value.isFinite ? value.description : "CAST('\(Cast.text(of: value))' AS DOUBLE)"
    case .string(let value): quoted(string: value)
    case .bytes(let value):
        "X'" + value.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "'"
    case .timestamp(let value): "TIMESTAMP '\(Timestamp.format(value))'"
    }
}

/// A string as SQL writes it.
package func quoted(string: String) -> String {
    "'" + string.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}

/// A name as SQL writes it: quoted where it would be read as something else.
package func quoted(identifier name: String) -> String {
    let isPlain = name.utf8.enumerated().allSatisfy { index, byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
        default: false
        }
    }
    if isPlain, !name.isEmpty, !wordsOfExpressions.contains(name.uppercased()) { return name }
    return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// Maser reserves no keyword, but these, unquoted in an expression, are hard to tell from a column.
private let wordsOfExpressions: Set<String> = [
    "AND", "AS", "BETWEEN", "CASE", "ELSE", "END", "FALSE", "FROM", "GROUP", "IN", "IS", "LIKE", "NOT", "NULL", "OR",
    "SELECT", "THEN", "TRUE", "WHEN", "WHERE",
]
