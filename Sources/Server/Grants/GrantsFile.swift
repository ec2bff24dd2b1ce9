/// Reads a grants file: lines for people, each complete in itself.
///
/// ```
/// # caller       rights        what
/// web-*          read          table delay_*
/// feeder         append,read   category flights
/// "nightly job"  load          table airports
/// spiffe://example.com/ops  admin  *
/// web-*          limit         requests=10000 bytes=50MiB
/// ```
struct GrantsFile {
    private let file: String

    /// - Parameter file: its name in errors.
    static func parse(_ text: String, file: String) throws(ServerError) -> Grants {
        try GrantsFile(file: file).parse(text)
    }

    private func parse(_ text: String) throws(ServerError) -> Grants {
        var lines: [Grants.Line] = []
        var limits: [Grants.LimitLine] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = index + 1
            let words = try words(of: line, at: place)
            if words.isEmpty { continue }
            guard words.count >= 2 else {
                throw error(place, "\"\(words[0])\" has no rights behind it; \(Self.example)")
            }
            let callers = Glob(words[0])
            let rest = [String](words[2...])
            if words[1].lowercased() == "limit" {
                limits.append(Grants.LimitLine(callers: callers, limits: try parse(limits: rest, at: place)))
            } else {
                let rights = try parse(rights: words[1], at: place)
                let objects = try parse(objects: rest, rights, at: place)
                lines.append(Grants.Line(callers: callers, rights: Rights(rights), objects: objects))
            }
        }
        return Grants(lines: lines, limitLines: limits)
    }

    private static let example = "write a line such as `web-* read table delay_*`"

    private func error(_ line: Int, _ message: String) -> ServerError {
        ServerError(.configuration, "\(file):\(line): \(message)")
    }

    // MARK: Words

    /// Between blanks; what stands in quotes is one word, and `#` at a word's start begins a comment.
    private func words(of line: Substring, at place: Int) throws(ServerError) -> [String] {
        var words: [String] = []
        var rest = line.drop(while: Self.isBlank)
        while let first = rest.first, first != "#" {
            if first == "\"" {
                let inner = rest.dropFirst()
                guard let end = inner.firstIndex(of: "\"") else {
                    throw error(place, "the quotation mark before \(inner) has no other one behind it")
                }
                words.append(String(inner[..<end]))
                rest = inner[inner.index(after: end)...]
                guard rest.first.map(Self.isBlank) ?? true else {
                    throw error(place, "a blank belongs behind \"\(words.last ?? "")\"")
                }
            } else {
                let word = rest.prefix { !Self.isBlank($0) }
                words.append(String(word))
                rest = rest[word.endIndex...]
            }
            rest = rest.drop(while: Self.isBlank)
        }
        return words
    }

    private static func isBlank(_ character: Character) -> Bool { character.isWhitespace }

    // MARK: Rights and objects

    private func parse(rights text: String, at place: Int) throws(ServerError) -> [Right] {
        var rights: [Right] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let right = Right(rawValue: word.lowercased()) else {
                let known = Right.allCases.map(\.rawValue).joined(separator: ", ")
                throw error(
                    place,
                    "\"\(word)\" is no right; there are \(known), several with commas and no blanks between them, and limit"
                )
            }
            rights.append(right)
        }
        return rights
    }

    private func parse(
        objects words: [String], _ rights: [Right], at place: Int
    ) throws(ServerError) -> Grants.Line.Objects {
        if words == ["*"] { return .everything }
        guard words.count == 2 else {
            throw error(
                place,
                "what is granted is `table NAME`, `category NAME` or `*`, and not \"\(words.joined(separator: " "))\"")
        }
        let name = Glob(words[1], ignoringCase: true)
        switch words[0].lowercased() {
        case "table":
            guard !rights.contains(.append) else {
                throw error(place, "nobody appends to a table; `append category \(words[1])` is for categories")
            }
            return .tables(name)
        case "category":
            guard !rights.contains(.load) else {
                throw error(place, "nobody loads a category; `load table \(words[1])` is for tables")
            }
            return .categories(name)
        default:
            throw error(place, "what is granted is `table NAME`, `category NAME` or `*`, and not \"\(words[0])\"")
        }
    }
}

extension Rights {
    fileprivate init(_ rights: [Right]) {
        self = rights.reduce(into: .none) { $0.formUnion(Rights($1)) }
    }
}

extension GrantsFile {
    private func parse(limits words: [String], at place: Int) throws(ServerError) -> CallerLimits {
        var limits = CallerLimits()
        let example = "write `requests=10000`, `bytes=50MiB`, both, or `none`; each is for a second"
        if words.map({ $0.lowercased() }) == ["none"] { return limits }
        guard !words.isEmpty else { throw error(place, "the limit says nothing; \(example)") }
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw error(place, "\"\(word)\" is no limit; \(example)") }
            switch parts[0].lowercased() {
            case "requests": limits.requests = Int(parts[1]).flatMap { CallerLimits.range.contains($0) ? $0 : nil }
            case "bytes":
                limits.bytes = ByteSize.bytes(String(parts[1])).flatMap { CallerLimits.range.contains($0) ? $0 : nil }
            default: throw error(place, "\"\(parts[0])\" is no limit; \(example)")
            }
            guard (parts[0].lowercased() == "requests" ? limits.requests : limits.bytes) != nil else {
                throw error(place, "\"\(parts[1])\" is no number of \(parts[0]) from 1 up; \(example)")
            }
        }
        return limits
    }
}

extension CallerLimits {
    /// A second of any of them fits into the arithmetic of a bucket.
    static let range = 1...1_000_000_000_000
}

/// A size as people write it.
enum ByteSize {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("B", 1), ("", 1),
    ]

    /// `512 MiB`, `2GiB` or a number of bytes; nil for what is none.
    static func bytes(_ text: String) -> Int? {
        let text = text.uppercased().filter { !$0.isWhitespace }
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let count = Int(text.dropLast(unit.suffix.count)) else { continue }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
            return overflow ? nil : bytes
        }
        return nil
    }
}
