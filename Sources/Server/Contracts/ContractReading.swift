internal import Catalog
internal import RPC
internal import Records
internal import Tables

/// A read of one table that keeps to a contract: freshness, and what is applied, are known before the rows are read, and of the very
/// version whose rows they vouch for.
struct ContractReading {
    /// What says which version is to be read.
    enum Pin {
        /// nil: the one that serves.
        case version(UInt32?)
        case scan(ScanRange)
    }

    struct Answer<Found> {
        let table: TableEntry
        let found: Found
        let version: UInt32
        /// nil where nobody asked for it, and where nothing was ever loaded.
        let freshness: Int64?
    }

    /// How often the version that serves may be replaced and dropped while one table is read.
    private static let attempts = 4

    private let engine: Engine
    private let contract: WireReadContract.View?
    private let goals: AppliedGoals?
    private let pin: Pin

    init(_ engine: Engine, _ contract: WireReadContract.View?, _ goals: AppliedGoals?, _ pin: Pin) {
        self.engine = engine
        self.contract = contract
        self.goals = goals
        self.pin = pin
    }

    /// `body` reads, and tells the version that it has read.
    func read<Found>(
        _ name: String, _ body: (TableEntry) throws -> (found: Found, version: UInt32)
    ) throws -> Answer<Found> {
        for _ in 0..<Self.attempts {
            guard let table = engine.catalog.snapshot.table(named: name) else { throw RPCError.noTable(name) }
            let version = try pinned(in: table) ?? table.servingVersion
            if let goals, !goals.areMet(of: table.id, version: version, engine.gauge) { continue }
            let freshness = try contract.flatMap { try self.freshness(of: table, version, under: $0) }
            let (found, foundVersion) = try body(table)
            // What served was replaced and dropped in between, and the rows are of what nobody vouches for.
            if contract != nil, foundVersion != version { continue }
            return Answer(
                table: table, found: found, version: foundVersion,
                freshness: contract?.wantsFreshness == true ? freshness : nil)
        }
        throw RPCError(.unavailable, "the version of table \(name) that serves was replaced again and again; try again")
    }

    private func pinned(in table: TableEntry) throws -> UInt32? {
        switch pin {
        case .scan(let range): return try engine.tables.pin(of: range, in: table)
        case .version(let version):
            // A load's version is in the store before the catalog names it, and that is for nobody to read.
            if let version, !table.versions.contains(where: { $0.number == version }) {
                throw TablesError.versionGone(version, of: table)
            }
            return version
        }
    }

    private func freshness(
        of table: TableEntry, _ version: UInt32, under contract: WireReadContract.View
    ) throws(RPCError) -> Int64? {
        if !contract.wantsFreshness, contract.maximumStalenessMilliseconds == nil { return nil }
        let id = VersionID(table: table.id, version: version)
        let now = Clock.now
        let freshness = engine.gauge.freshness(of: id, now: now)
        guard let milliseconds = contract.maximumStalenessMilliseconds else { return freshness }
        guard let freshness else {
            // A version that is gone says so when it is read.
            if !table.versions.isEmpty { return nil }
            throw RPCError(.stale, "nothing was loaded into table \(table.name) yet")
        }
        let (age, allowed) = (max(0, now - freshness), Int64(milliseconds) * 1000)
        if age <= allowed { return freshness }
        let isLoaded = engine.gauge.feed(of: id)?.category == nil
        let state =
            freshness <= 0
            ? "has applied nothing yet"
            : "is \(TimeLength.text(age)) old\(isLoaded ? ", for it was last loaded then" : "")"
        throw RPCError(
            .stale, "table \(table.name) \(state), and the request takes at most \(TimeLength.text(allowed))")
    }
}
