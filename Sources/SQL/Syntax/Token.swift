struct Token: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// A name or a keyword, as it is written: only the place where it stands tells which.
        case word(String)
        /// A name in double quotes; never a keyword.
        case quoted(String)
        case string(String)
        case bytes([UInt8])
        /// As it is written, without a sign.
        case number(String)
        case symbol(String)
        case end
    }

    var kind: Kind
    var range: Range<Int>

    func isWord(_ keyword: String) -> Bool {
        if case .word(let text) = kind { text.uppercased() == keyword } else { false }
    }

    func isSymbol(_ symbol: String) -> Bool { kind == .symbol(symbol) }

    /// For an error message.
    var shown: String {
        switch kind {
        case .word(let text), .number(let text): Self.cut(text)
        case .quoted(let text): "\"\(Self.cut(text))\""
        case .string(let text): "'\(Self.cut(text))'"
        case .bytes: "a byte string"
        case .symbol(let text): "`\(text)`"
        case .end: "the end of the file"
        }
    }

    private static func cut(_ text: String) -> String {
        text.count > 40 ? text.prefix(40) + "..." : text
    }
}
