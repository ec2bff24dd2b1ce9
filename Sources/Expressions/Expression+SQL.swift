package import Records

// Prints expressions back as SQL. What is printed reads back as an expression of the same meaning.

extension Expression {
    /// `names` are those of the batch's columns.
    package func sql(names: [String]) -> String {
        sql(texts: names.map { quoted(identifier: $0) })
    }

    /// `texts` are SQL themselves, and stand for the batch's columns: names, or the calls of aggregates.
    package func sql(texts: [String]) -> String {
        print(texts).text
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

    private func print(_ texts: [String], atLeast tightness: Tightness) -> String {
        let printed = print(texts)
        return printed.tightness.rawValue < tightness.rawValue ? "(\(printed.text))" : printed.text
    }

    private func print(_ texts: [String]) -> Printed {
        switch self {
        case .column(let index, _):
            return (texts.indices.contains(index) ? texts[index] : "$\(index)", .primary)
        case .literal(let value, let type):
            let text = sqlLiteral(value, type)
            return (text, text.hasPrefix("-") ? .sign : .primary)
        case .cast(let operand, let type): return ("CAST(\(operand.sql(texts: texts)) AS \(type.rawValue))", .primary)
        case .not(.isNull(let operand)):
            return (operand.print(texts, atLeast: .sum) + " IS NOT NULL", .comparison)
        case .not(let operand): return ("NOT " + operand.print(texts, atLeast: .not), .not)
        case .negate(let operand): return ("-" + operand.print(texts, atLeast: .primary), .sign)
        case .isNull(let operand): return (operand.print(texts, atLeast: .sum) + " IS NULL", .comparison)
        case .arithmetic(let symbol, let left, let right):
            let tightness: Tightness = symbol == .add || symbol == .subtract ? .sum : .product
            let tighter: Tightness = tightness == .sum ? .product : .sign
            let text = [left.print(texts, atLeast: tightness), symbol.rawValue, right.print(texts, atLeast: tighter)]
            return (text.joined(separator: " "), tightness)
        case .comparison(let symbol, let left, let right):
            let text = [left.print(texts, atLeast: .sum), symbol.rawValue, right.print(texts, atLeast: .sum)]
            return (text.joined(separator: " "), .comparison)
        case .and(let left, let right):
            return (left.print(texts, atLeast: .and) + " AND " + right.print(texts, atLeast: .and), .and)
        case .or(let left, let right):
            return (left.print(texts, atLeast: .or) + " OR " + right.print(texts, atLeast: .or), .or)
        case .caseWhen(let branches, let otherwise, _):
            let parts = branches.map { " WHEN \($0.condition.sql(texts: texts)) THEN \($0.result.sql(texts: texts))" }
            let rest = otherwise.map { " ELSE " + $0.sql(texts: texts) } ?? ""
            return ("CASE" + parts.joined() + rest + " END", .primary)
        case .function(.like, let arguments, _):
            let sides = [arguments[0].print(texts, atLeast: .sum), arguments[1].print(texts, atLeast: .sum)]
            return (sides.joined(separator: " LIKE "), .comparison)
        case .function(.isIn, let arguments, _):
            let items = arguments.dropFirst().map { $0.sql(texts: texts) }.joined(separator: ", ")
            return ("\(arguments[0].print(texts, atLeast: .sum)) IN (\(items))", .comparison)
        case .function(.extract, let arguments, _):
            guard case .literal(.string(let part), _) = arguments[0] else { break }
            return ("EXTRACT(\(part) FROM \(arguments[1].sql(texts: texts)))", .primary)
        case .function: break
        }
        guard case .function(let function, let arguments, _) = self else { preconditionFailure("printed above") }
        return ("\(function.rawValue)(\(arguments.map { $0.sql(texts: texts) }.joined(separator: ", ")))", .primary)
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
