/// Cuts a file into tokens. Comments are `-- to the end of the line` and `/* nested */`.
struct Lexer {
    private let source: SourceText
    private var position = 0

    static func tokens(of source: SourceText) throws(SQLError) -> [Token] {
        var lexer = Lexer(source: source)
        var tokens: [Token] = []
        repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
        return tokens
    }

    private init(source: SourceText) {
        self.source = source
        // Editors of another system begin files with a byte order mark.
        if source.bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    private func byte(_ ahead: Int = 0) -> UInt8? {
        position + ahead < source.bytes.count ? source.bytes[position + ahead] : nil
    }

    private mutating func next() throws(SQLError) -> Token {
        try skipBlanks()
        let start = position
        guard let first = byte() else { return Token(kind: .end, range: start..<start) }
        let kind: Token.Kind
        switch first {
        case UInt8(ascii: "'"): kind = .string(try readQuoted(first, "string"))
        case UInt8(ascii: "\""): kind = .quoted(try readQuoted(first, "name"))
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            kind = byte(1) == UInt8(ascii: "'") ? .bytes(try readBytes()) : .word(readWord())
        case _ where Self.isDigit(first), UInt8(ascii: ".") where byte(1).map(Self.isDigit) == true:
            kind = .number(try readNumber())
        case _ where Self.startsWord(first): kind = .word(readWord())
        default: kind = .symbol(try readSymbol())
        }
        return Token(kind: kind, range: start..<position)
    }

    private mutating func skipBlanks() throws(SQLError) {
        while let byte = byte() {
            if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
                position += 1
            } else if byte == UInt8(ascii: "-"), self.byte(1) == UInt8(ascii: "-") {
                while let next = self.byte(), next != UInt8(ascii: "\n") { position += 1 }
            } else if byte == UInt8(ascii: "/"), self.byte(1) == UInt8(ascii: "*") {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(SQLError) {
        let start = position
        var depth = 0
        repeat {
            guard let first = byte() else {
                throw source.error(.syntax, at: start, "this comment does not end", hint: "end it with */")
            }
            if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if first == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0
    }

    /// A quote inside is written twice.
    private mutating func readQuoted(_ quote: UInt8, _ what: String) throws(SQLError) -> String {
        let start = position
        var text: [UInt8] = []
        position += 1
        while let next = byte() {
            position += 1
            if next != quote {
                text.append(next)
            } else if byte() == quote {
                text.append(quote)
                position += 1
            } else {
                return String(decoding: text, as: UTF8.self)
            }
        }
        let mark = Character(Unicode.Scalar(quote))
        throw source.error(.syntax, at: start, "this \(what) does not end", hint: "end it with \(mark)")
    }

    private mutating func readBytes() throws(SQLError) -> [UInt8] {
        let start = position
        position += 1
        let digits = try readQuoted(UInt8(ascii: "'"), "byte string").utf8.map { Character(Unicode.Scalar($0)) }
        let nibbles = digits.compactMap(\.hexDigitValue)
        guard nibbles.count == digits.count, digits.count % 2 == 0 else {
            throw source.error(
                .syntax, at: start, "a byte string is pairs of hexadecimal digits", hint: "for instance X'00ff'")
        }
        return stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
    }

    private mutating func readNumber() throws(SQLError) -> String {
        let start = position
        skipDigits()
        // `1..2` and `t.1` are no numbers with a point, but nothing that SQL has either.
        if byte() == UInt8(ascii: ".") {
            position += 1
            skipDigits()
        }
        if byte().map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            let signed = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
            if byte(signed ? 2 : 1).map(Self.isDigit) == true {
                position += signed ? 2 : 1
                skipDigits()
            }
        }
        if let next = byte(), Self.startsWord(next) {
            throw source.error(
                .syntax, at: position, "a number ends in a letter",
                hint: "put a space between a number and a word; a name that starts with a digit needs double quotes")
        }
        return source.text(start..<position)
    }

    private mutating func skipDigits() {
        while let next = byte(), Self.isDigit(next) { position += 1 }
    }

    private mutating func readWord() -> String {
        let start = position
        while let next = byte(), Self.startsWord(next) || Self.isDigit(next) { position += 1 }
        return source.text(start..<position)
    }

    private mutating func readSymbol() throws(SQLError) -> String {
        for symbol in ["<>", "!=", "<=", ">=", "||"] where source.bytes[position...].starts(with: symbol.utf8) {
            position += 2
            return symbol == "!=" ? "<>" : symbol
        }
        let byte = source.bytes[position]
        guard "()[],;.+-*/%=<>".utf8.contains(byte) else {
            let character = String(UnicodeScalar(byte))
            throw source.error(
                .syntax, at: position, "\(byte < 0x20 ? "a control character" : character) means nothing in SQL",
                hint: byte == UInt8(ascii: "`") ? "a name is quoted with double quotes: \"name\"" : nil)
        }
        position += 1
        return String(UnicodeScalar(byte))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Whatever is not ASCII is part of a name.
    private static func startsWord(_ byte: UInt8) -> Bool {
        byte | 0x20 &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
    }
}
