internal import RPC
internal import Records

/// A version as `--json` shows it.
struct VersionAnswer: Encodable {
    var version: UInt32
    var isServing: Bool
    var state: String
    var failure: String?
    var freshness: String?
    var lagRecords: Int64
    var createdAt: String
    var origin: String
    var loadedRows: Int64?
    var estimatedRows: Int64
    var bytes: Int64
    /// Of a load into a table that a category feeds.
    var cut: CutAnswer?
    /// Records left out for an event time before the cut's.
    var stragglers: UInt64?
    var checks: [CheckAnswer]
    var isForced: Bool
    var manifest: String?

    init(_ version: WireVersionDescriptor, isServing: Bool) {
        self.version = version.number
        self.isServing = isServing
        state = version.state
        failure = version.failure.isEmpty ? nil : version.failure
        freshness = version.hasFreshness && version.freshness > 0 ? Records.Timestamp.format(version.freshness) : nil
        lagRecords = version.lagRecords
        createdAt = Records.Timestamp.format(version.createdAt)
        origin = version.origin
        loadedRows = version.hasLoadedRows ? version.loadedRows : nil
        estimatedRows = version.estimatedRows
        bytes = version.bytes
        cut = version.hasCut ? CutAnswer(version.cut) : nil
        if case .eventTime? = version.cut.kind { stragglers = version.stragglers }
        checks = version.checks.map(CheckAnswer.init)
        isForced = version.forced
        manifest = version.manifest.isEmpty ? nil : version.manifest
    }
}

struct CutAnswer: Encodable {
    /// positions, before, earliest or replace.
    var kind: String
    var offsets: [Int64]?
    var before: String?

    init(_ cut: WireCut) {
        switch cut.kind {
        case .positions(let positions):
            kind = "positions"
            offsets = positions.offsets
        case .eventTime(let time):
            kind = "before"
            before = Records.Timestamp.format(time)
        case .replace: kind = "replace"
        case .earliest, nil: kind = "earliest"
        }
    }
}
