/// `name = 'value'`
struct OptionSyntax {
    var name: Name
    var value: String
    /// Where the value stands.
    var offset: Int
}

extension Parser {
    /// `OPTIONS (name = 'value', ...)`; `known` begin with the names that there are, and go on with how each is written.
    mutating func parseOptions(_ known: [String]) throws(SQLError) -> [OptionSyntax] {
        try expect("OPTIONS")
        let names = known.map { $0.prefix { $0 != " " }.lowercased() }
        var seen: Set<String> = []
        return try parseList { parser throws(SQLError) in
            let name = try parser.parseName("an option")
            guard names.contains(name.key) else {
                throw parser.source.error(
                    .name, at: name.offset, "there is no option \(name.text)",
                    hint: Suggestion.hint(for: name.text, among: names) ?? "there are " + known.joined(separator: "; "))
            }
            guard seen.insert(name.key).inserted else {
                throw parser.source.error(.syntax, at: name.offset, "\(name.key) stands twice")
            }
            try parser.expect(symbol: "=")
            let offset = parser.offset
            return OptionSyntax(name: name, value: try parser.parseString("the value of an option"), offset: offset)
        }
    }

    /// The case that the value names.
    func choice<Choice: RawRepresentable<String>>(
        _ option: OptionSyntax, _ choices: [Choice]
    ) throws(SQLError) -> Choice {
        if let choice = choices.first(where: { $0.rawValue == option.value.lowercased() }) { return choice }
        let values = choices.map(\.rawValue)
        throw source.error(
            .name, at: option.offset, "\(option.name.key) cannot be '\(option.value)'",
            hint: Suggestion.hint(for: option.value, among: values)
                ?? "it is \(alternatives(values.map { "'\($0)'" }))")
    }
}
