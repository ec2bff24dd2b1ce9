internal import BulkLoad
internal import RPC

/// What became of a load.
struct LoadedVersion: Sendable {
    var version: UInt32
    /// serving; held: its checks failed; building; standby or dropped, where a former call loaded it.
    var state: String
    var rows: Int64
    /// Rows that met another with the same key.
    var duplicates: Int64
    /// Rows at or after the event time of the cut.
    var leftOut: Int64
    var sourceBytes: Int64
    var checks: [WireVersionCheck]
    var warnings: [String]

    init(_ finished: WireFinishLoadResponse, _ manifest: LoadManifest) {
        version = finished.version
        state = finished.state
        rows = finished.rows
        duplicates = manifest.duplicates
        leftOut = manifest.leftOut
        sourceBytes = manifest.sources.reduce(0) { $0 + $1.bytes }
        checks = finished.checks
        warnings = finished.warnings
    }

    /// What a person is told first.
    func line(of table: String, seconds: Double) -> String {
        var line = "version \(version) of \(table) "
        switch state {
        case "serving": line += "serves"
        case "held": line += "is held back"
        default: line += "is \(state)"
        }
        line += ": \(HumanText.count(rows)) rows"
        if duplicates > 0 { line += ", \(HumanText.count(duplicates)) more had a key that came again" }
        if leftOut > 0 { line += ", \(HumanText.count(leftOut)) left to the category, which has them from the cut on" }
        return line + ", in \(HumanText.seconds(seconds))"
    }

    /// Why a version does not serve, and how it would; nil where it does.
    func refusal(of table: String) -> String? {
        switch state {
        case "serving", "building": return nil
        case "held":
            let failed = checks.filter { !$0.passed }.map(\.sentence)
            return
                "version \(version) of \(table) does not serve: \(failed.joined(separator: "; ")); "
                + "`maser rollback \(table) \(version)` lets it serve all the same, and so does `maser load --force` from the start"
        case "dropped":
            return
                "this very load became version \(version) of \(table), which was dropped since; "
                + "`maser load --again` makes another one of it"
        default:
            return
                "this very load became version \(version) of \(table), which is \(state): another one serves; "
                + "`maser rollback \(table) \(version)` lets it serve, and `maser load --again` makes another one of it"
        }
    }
}

// MARK: Checks, as people and programs read them

extension WireVersionCheck {
    /// What was compared.
    var subjectText: String {
        switch subject {
        case "nulls": "NULLs of \(column)"
        case "bytes": "bytes"
        default: subject
        }
    }

    private func text(_ value: Double) -> String {
        switch subject {
        case "nulls": share(value)
        case "bytes": HumanText.bytes(Int64(value))
        default: HumanText.count(Int64(value))
        }
    }

    var formerText: String { text(former) }
    var foundText: String { text(found) }

    var limitText: String {
        subject == "nulls" ? "at most \(share(former + limit))" : "at least \(text(former * limit))"
    }

    var sentence: String {
        subject == "nulls"
            ? "\(foundText) of column \(column) are NULL, \(limitText) were to be expected"
            : "it has \(foundText)\(subject == "rows" ? " rows" : ""), \(limitText) were to be expected"
    }

    private func share(_ value: Double) -> String { HumanText.number((value * 1000).rounded() / 10) + "%" }
}

/// A check as `--json` shows it.
struct CheckAnswer: Encodable {
    var subject: String
    var column: String?
    var former: Double
    var found: Double
    var limit: Double
    var passed: Bool

    init(_ check: WireVersionCheck) {
        subject = check.subject
        column = check.column.isEmpty ? nil : check.column
        former = check.former
        found = check.found
        limit = check.limit
        passed = check.passed
    }
}

func printChecks(_ checks: [WireVersionCheck]) {
    var listing = TextTable([
        .init(name: "check"), .init(name: "former", isNumber: true), .init(name: "found", isNumber: true),
        .init(name: "limit"), .init(name: ""),
    ])
    for check in checks {
        listing.append([
            check.subjectText, check.formerText, check.foundText, check.limitText, check.passed ? "passed" : "failed",
        ])
    }
    listing.print()
}
