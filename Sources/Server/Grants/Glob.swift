/// A pattern for names: `*` stands for any characters, none too, and `?` for one byte.
struct Glob: Hashable, Sendable {
    let text: String
    private let pattern: [UInt8]
    private let ignoresCase: Bool

    /// - Parameter ignoresCase: as names of tables and categories do.
    init(_ text: String, ignoringCase ignoresCase: Bool = false) {
        self.text = text
        self.ignoresCase = ignoresCase
        pattern = [UInt8]((ignoresCase ? text.lowercased() : text).utf8)
    }

    var isEverything: Bool { pattern == [UInt8(ascii: "*")] }

    /// In time that grows with both lengths' product at most: what matched behind a star is never tried for an earlier one again.
    func matches(_ name: String) -> Bool {
        let name = [UInt8]((ignoresCase ? name.lowercased() : name).utf8)
        var (inName, inPattern) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while inName < name.count {
            if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
                star = (inPattern, inName)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == name[inName] || pattern[inPattern] == UInt8(ascii: "?")
            {
                inPattern += 1
                inName += 1
            } else if let last = star {
                inPattern = last.pattern + 1
                inName = last.name + 1
                star = (last.pattern, inName)
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
