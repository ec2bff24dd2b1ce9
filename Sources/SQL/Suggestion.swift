/// Finds what somebody who misspelled a name may have meant.
enum Suggestion {
    private static let longestName = 64

    /// The candidate that the fewest edits make of `name`, if they are few; the first among equals.
    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().unicodeScalars)
        guard wanted.count <= longestName else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let scalars = Array(candidate.lowercased().unicodeScalars)
            guard scalars.count <= longestName else { continue }
            let distance = edits(wanted, scalars)
            guard distance <= max(1, max(wanted.count, scalars.count) / 3), distance < wanted.count else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    static func hint(for name: String, among candidates: some Sequence<String>) -> String? {
        nearest(to: name, among: candidates).map { "did you mean \($0)?" }
    }

    /// The nearest candidate or, where none is near, all of them; nil where there are none.
    static func hint(for name: String, among candidates: [String], orAll introduction: String) -> String? {
        if let hint = hint(for: name, among: candidates) { return hint }
        guard !candidates.isEmpty else { return nil }
        let shown = candidates.prefix(20).joined(separator: ", ")
        return "\(introduction) \(shown)\(candidates.count > 20 ? ", ..." : "")"
    }

    /// Insertions, deletions, substitutions, and transpositions of neighbours.
    private static func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
                row.append(least)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}

/// `a`, `a or b`, `a, b or c`
func alternatives(_ items: [String]) -> String {
    guard items.count > 1, let last = items.last else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " or " + last
}
