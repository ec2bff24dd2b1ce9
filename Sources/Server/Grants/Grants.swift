/// Who may do what, and how much of it, at one moment.
///
/// Lines add up: a caller has every right that some line gives it. Of limits the last line counts that names the caller.
struct Grants: Sendable {
    struct Line: Hashable, Sendable {
        enum Objects: Hashable, Sendable {
            case tables(Glob)
            case categories(Glob)
            /// Every table and category, and the server itself.
            case everything
        }

        let callers: Glob
        let rights: Rights
        let objects: Objects
    }

    struct LimitLine: Hashable, Sendable {
        let callers: Glob
        let limits: CallerLimits
    }

    private(set) var lines: [Line]
    private(set) var limitLines: [LimitLine]
    /// Without a grants file whoever is let in may do everything.
    let isOpen: Bool

    init(lines: [Line] = [], limitLines: [LimitLine] = []) {
        self.lines = lines
        self.limitLines = limitLines
        isOpen = false
    }

    private init() {
        (lines, limitLines, isOpen) = ([], [], true)
    }

    static let open = Grants()

    /// For people.
    var summary: String {
        "\(lines.count) \(lines.count == 1 ? "grant" : "grants")"
            + (limitLines.isEmpty ? "" : " and \(limitLines.count) \(limitLines.count == 1 ? "limit" : "limits")")
    }

    /// What concerns one caller; one without a name is meant by the lines for everybody alone.
    func concerning(_ caller: Caller) -> Grants {
        var own = self
        own.lines.removeAll { !caller.isMeant(by: $0.callers) }
        own.limitLines.removeAll { !caller.isMeant(by: $0.callers) }
        return own
    }

    /// Of a caller whom all lines concern.
    func rights(on object: GrantObject) -> Rights {
        if isOpen { return .all }
        return lines.reduce(into: Rights.none) { rights, line in
            if line.objects.contains(object) { rights.formUnion(line.rights) }
        }
    }

    /// Of a caller whom all lines concern.
    var limits: CallerLimits { limitLines.last?.limits ?? CallerLimits() }
}

extension Grants.Line.Objects {
    fileprivate func contains(_ object: GrantObject) -> Bool {
        switch (self, object) {
        case (.everything, _): true
        case (.tables(let glob), .table(let name)), (.categories(let glob), .category(let name)): glob.matches(name)
        default: false
        }
    }
}

/// How much a caller may do in a second, over all its connections; nil: as much as it wants.
struct CallerLimits: Hashable, Sendable {
    var requests: Int?
    /// Of requests and answers.
    var bytes: Int?
}

/// Who asks.
struct Caller: Hashable, Sendable {
    /// nil: the certificate names nobody, or none was asked for.
    let name: String?

    func isMeant(by glob: Glob) -> Bool { glob.isEverything || name.map(glob.matches) ?? false }

    /// As it stands in a line of grants.
    var inGrants: String {
        guard let name else { return "*" }
        let isWord = name.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") } && !name.hasPrefix("#")
        return isWord ? name : "\"\(name)\""
    }

    var description: String { name ?? "a caller without a name" }
}
