// A recursive descent over tokens. No keyword is reserved: a word is a keyword only where the grammar has a place for it,
// so `year`, `day`, `key` and `table` name columns without quotes.

struct Parser {
    let source: SourceText
    private let tokens: [Token]
    private var position = 0
    /// How deep the expression that is being read nests.
    var depth = 0

    init(source: SourceText, tokens: [Token]) {
        self.source = source
        self.tokens = tokens
    }

    /// The next token, or one after it; the end of the file goes on for ever.
    func peek(_ ahead: Int = 0) -> Token { tokens[min(position + ahead, tokens.count - 1)] }

    var offset: Int { peek().range.lowerBound }
    /// Where the last token that was taken ends.
    var endOffset: Int { position == 0 ? 0 : tokens[position - 1].range.upperBound }

    @discardableResult
    mutating func advance() -> Token {
        let token = peek()
        if position < tokens.count - 1 { position += 1 }
        return token
    }

    // Keywords and symbols.

    func isAt(_ keywords: String...) -> Bool {
        keywords.enumerated().allSatisfy { peek($0.offset).isWord($0.element) }
    }

    mutating func take(_ keyword: String) -> Bool {
        guard peek().isWord(keyword) else { return false }
        advance()
        return true
    }

    mutating func take(symbol: String) -> Bool {
        guard peek().isSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ keyword: String) throws(SQLError) {
        guard take(keyword) else { throw unexpected(keyword) }
    }

    mutating func expect(symbol: String) throws(SQLError) {
        guard take(symbol: symbol) else { throw unexpected(symbol) }
    }

    /// What stands here is not what can stand here.
    func unexpected(_ expected: String..., hint: String? = nil) -> SQLError {
        unexpected(expected, hint: hint)
    }

    func unexpected(_ expected: [String], hint: String? = nil) -> SQLError {
        let token = peek()
        var suggestion: String?
        if case .word(let text) = token.kind { suggestion = Suggestion.hint(for: text, among: expected) }
        return source.error(
            .syntax, at: offset, "expected \(alternatives(expected.map(Self.shown))), but found \(token.shown)",
            hint: suggestion ?? hint)
    }

    /// Punctuation would be lost among that of the message.
    private static func shown(_ expected: String) -> String {
        expected.count == 1 ? "`\(expected)`" : expected
    }

    // Names, numbers, lists.

    mutating func parseName(_ what: String) throws(SQLError) -> Name {
        let token = peek()
        switch token.kind {
        case .word(let text):
            advance()
            return try checked(Name(text: text, offset: token.range.lowerBound))
        case .quoted(let text):
            advance()
            return try checked(Name(text: text, offset: token.range.lowerBound, isQuoted: true))
        case .string(let text):
            throw unexpected(what, hint: "a name stands in double quotes or in none: \"\(text)\"")
        default: throw unexpected(what)
        }
    }

    func checked(_ name: Name) throws(SQLError) -> Name {
        guard !name.text.isEmpty, name.text.utf8.count <= SQLLimits.nameBytes else {
            throw source.error(
                .syntax, at: name.offset,
                "a name has 1 to \(SQLLimits.nameBytes) bytes, this has \(name.text.utf8.count)")
        }
        guard name.text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) }) else {
            throw source.error(.syntax, at: name.offset, "a name has no control characters")
        }
        return name
    }

    mutating func parseNames(_ what: String) throws(SQLError) -> [Name] {
        try parseList { parser throws(SQLError) in try parser.parseName(what) }
    }

    /// `(item, item, ...)`
    mutating func parseList<Item>(
        _ parseItem: (inout Parser) throws(SQLError) -> Item
    ) throws(SQLError) -> [Item] {
        try expect(symbol: "(")
        var items = [try parseItem(&self)]
        while take(symbol: ",") { items.append(try parseItem(&self)) }
        guard take(symbol: ")") else { throw unexpected(",", ")") }
        return items
    }

    mutating func parseString(_ what: String) throws(SQLError) -> String {
        guard case .string(let text) = peek().kind else {
            throw unexpected(what, hint: "\(what) stands in single quotes")
        }
        advance()
        return text
    }

    mutating func parseInteger(_ what: String, in range: ClosedRange<Int>) throws(SQLError) -> Int {
        guard case .number(let text) = peek().kind else { throw unexpected(what) }
        guard let value = Int(text), range.contains(value) else {
            throw source.error(
                .syntax, at: offset,
                "\(what) is whole and from \(range.lowerBound) to \(range.upperBound), this is \(text)")
        }
        advance()
        return value
    }

    /// A keyword from a closed set, such as a unit.
    mutating func parseChoice<Choice>(_ choices: [(keyword: String, choice: Choice)]) throws(SQLError) -> Choice {
        for (keyword, choice) in choices where take(keyword) { return choice }
        throw unexpected(choices.map(\.keyword))
    }
}
