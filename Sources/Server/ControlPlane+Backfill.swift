internal import BulkLoad
internal import Catalog
internal import Categories
internal import Foundation
internal import Processors
internal import RPC
internal import Records
internal import Synchronization
internal import Tables

// A backfill is a version that counts its category's history from a given place on, beside the version that serves. Where it
// stands is durable as any version's positions are, so a crash costs it nothing; it takes part in nothing else until it has
// seen all that the serving version has. Then one catalog write lets it serve, and it follows as the others do.

extension ControlPlane {
    func backfill(_ request: WireBackfillRequest) throws -> WireBackfillResponse {
        try engine.turn.withLock { _ in
            let snapshot = try engine.catalog.settled()
            guard let table = snapshot.table(named: request.table) else { throw RPCError.noTable(request.table) }
            let (category, input) = try source(of: table, in: snapshot)
            let starts =
                switch request.from {
                case .appendTime(let time): try starts(of: category, at: time)
                case .earliest, nil: try starts(of: category, input)
                }
            let number = table.nextVersion
            // Of a backfill whose write failed.
            try? engine.tables.dropVersion(table: table.id, version: number)
            try engine.tables.createVersion(table: table.id, version: number)
            do {
                try write { catalog in
                    guard var table = catalog.table(id: table.id) else { throw RPCError.noTable(request.table) }
                    table.versions.append(
                        VersionEntry(
                            number: number, createdAt: Clock.now, origin: "backfill",
                            backfill: Backfill(startOffsets: starts)))
                    table.nextVersion = number + 1
                    try catalog.put(table)
                }
            } catch {
                if isUndecided(error) {
                    engine.unsettled.begin()
                } else {
                    try? engine.tables.dropVersion(table: table.id, version: number)
                }
                throw error
            }
            try checkIsWhole(starts, of: category, version: number, table.id)
            engine.apps.reconcile()
            var response = WireBackfillResponse()
            response.version = number
            return response
        }
    }

    /// Afterwards no retention goes on that began before the catalog had the version, and every later one waits for it; what
    /// was taken until then is gone, and so is the version where it needed that.
    func checkIsWhole(_ starts: [Int64], of category: CategoryEntry, version: UInt32, _ table: UInt32) throws {
        engine.categories.tidy()
        let isWhole = starts.indices.allSatisfy {
            engine.categories.start(category: category.id, bucket: $0) <= starts[$0]
        }
        if isWhole { return }
        if let table = engine.catalog.snapshot.table(id: table) {
            // The same load, with a newer cut or without one, is no repetition.
            try forget(version: version, of: table) { $0.forgetLoad(ofVersion: version) }
        }
        throw historyIsGone(category, "it was dropped just now")
    }

    /// The catalog first: what it names is there.
    func forget(
        version: UInt32, of table: TableEntry, _ change: (inout TableEntry) -> Void = { _ in }
    ) throws {
        try write { catalog in
            guard var table = catalog.table(id: table.id) else { return }
            table.versions.removeAll { $0.number == version }
            change(&table)
            try catalog.put(table)
        }
        try? engine.tables.dropVersion(table: table.id, version: version)
    }

    /// What fills the table, where a second version of it can be filled.
    func source(
        of table: TableEntry, in catalog: CatalogSnapshot
    ) throws -> (CategoryEntry, InputTableEntry) {
        guard table.source.inputTable != nil else {
            throw RPCError(
                .refused,
                "table \(table.name) is filled by loads; `maser load \(table.name) FILE` makes a new version of it")
        }
        guard let app = table.app.flatMap({ catalog.app(named: $0) }), let input = app.input(of: table),
            let category = catalog.category(id: input.categoryID)
        else {
            throw RPCError(
                .refused, "table \(table.name) belongs to no app that could fill it; deploy one that has its statement")
        }
        if let building = table.buildingVersion {
            throw RPCError(
                .refused,
                "version \(building.number) of table \(table.name) is being built already; `maser versions \(table.name)` "
                    + "shows how far it is")
        }
        if app.isStopped {
            throw RPCError(
                .refused,
                "app \(app.name) is stopped, and builds nothing until it runs; `maser start \(app.name)` first")
        }
        let outputs = app.outputIDs.compactMap { catalog.category(id: $0) }
        for output in outputs {
            guard case .panes(let query) = output.output, query.tableID == table.id else { continue }
            throw RPCError(
                .refused,
                "the panes of table \(table.name) go to category \(output.name), where those of before would be emitted "
                    + "again; give the statement another name to build it from history")
        }
        return (category, input)
    }

    // MARK: Where it begins

    /// With the first record of every bucket: all that the table has counted so far has to be there still.
    private func starts(of category: CategoryEntry, _ input: InputTableEntry) throws -> [Int64] {
        try (0..<category.bucketCount).map { bucket in
            let start = engine.categories.start(category: category.id, bucket: bucket)
            guard start <= input.startOffset(ofBucket: bucket) else {
                throw historyIsGone(category, "the table has counted records that are no longer kept")
            }
            return start
        }
    }

    /// With the first record appended at `time` or later.
    func starts(of category: CategoryEntry, at time: Int64) throws -> [Int64] {
        guard time <= Clock.now else {
            throw RPCError(.refused, "\(Records.Timestamp.format(time)) is yet to come, and nothing was appended then")
        }
        guard time >= keptSince(category) else { throw historyIsGone(category, "that is too early") }
        return try (0..<category.bucketCount).map { bucket in
            try engine.categories.offset(category: category.id, bucket: bucket, atOrAfter: time)
        }
    }

    /// The append time from which on every record is kept.
    func keptSince(_ category: CategoryEntry) -> Int64 {
        (0..<category.bucketCount).map { engine.categories.keptSince(category: category.id, bucket: $0) }.max() ?? .min
    }

    private func historyIsGone(_ category: CategoryEntry, _ why: String) -> RPCError {
        RPCError(
            .refused,
            "\(why): category \(category.name) is kept from \(Records.Timestamp.format(keptSince(category))) on; "
                + "`--from \(Records.Timestamp.format(keptSince(category)))` counts what there is")
    }

    // MARK: The switch

    /// Lets the version serve where it has seen all that the serving one has, and its checks let it; false where it has not yet,
    /// or there is nothing to switch to.
    func finishBackfill(_ id: RunnerID) throws -> Bool {
        // Which reads both versions, and holds nobody up; where they fail, or what is yet to come may decide them, they are made
        // once more when it has caught up.
        let lag = lag(of: id)
        let checks = try checks(of: id)
        return try engine.turn.withLock { _ in
            let snapshot = try engine.catalog.settled()
            guard let (table, version) = built(id, in: snapshot) else {
                // As after a switch that happened though its write seemed to fail.
                engine.apps.reconcile()
                dropUnnamedVersions(in: snapshot)
                return false
            }
            // From here on the serving version stands still, and the other has only what is in between to apply.
            engine.apps.end(RunnerID(app: id.app))
            guard waitUntilBuilt(version, table, snapshot, by: id) else {
                engine.apps.reconcile()
                return false
            }
            engine.apps.end(id)
            var finished = version
            finished.backfill?.isComplete = true
            finished.load?.checks = checks
            if finished.isHeld || isOpen(checks, lagRecords: lag) {
                // What it lacked may be what it has applied since.
                do {
                    finished.load?.checks = try self.checks(of: id)
                } catch {
                    engine.apps.reconcile()
                    throw error
                }
            }
            let serving = finished.isHeld ? table.servingVersion : version.number
            let surplus = table.surplus(with: finished, serving: serving, keeping: engine.versionsKept)
            do {
                try change(table) { table in
                    table.versions = table.versions.map { $0.number == finished.number ? finished : $0 }
                    table.serve(serving)
                    table.versions.removeAll { surplus.contains($0.number) }
                }
            } catch {
                goOn(despite: error)
                throw error
            }
            for number in surplus { try? engine.tables.dropVersion(table: table.id, version: number) }
            engine.apps.reconcile()
            return true
        }
    }

    /// The version that the runner builds, as long as it is to go on with it.
    private func built(_ id: RunnerID, in snapshot: CatalogSnapshot) -> (TableEntry, VersionEntry)? {
        guard let building = id.building, let table = snapshot.table(id: building.table),
            let version = table.buildingVersion, version.number == building.version,
            let app = snapshot.app(id: id.app), !app.isStopped
        else { return nil }
        return (table, version)
    }

    /// Of a loaded version against the serving one. A backfill counts the same records by the same statement, and has none.
    private func checks(of id: RunnerID) throws -> [VersionCheck] {
        guard let (table, version) = built(id, in: engine.catalog.snapshot), version.load != nil else { return [] }
        return try VersionChecks.make(of: version.number, in: table, engine.tables)
    }

    private func lag(of id: RunnerID) -> Int64 {
        let snapshot = engine.catalog.snapshot
        guard let (table, version) = built(id, in: snapshot) else { return 0 }
        return engine.apps.progress.distance(of: version, of: table, in: snapshot)
    }

    /// Whether so many records more could decide a check: then there are few rows, and to compare them takes a moment.
    private func isOpen(_ checks: [VersionCheck], lagRecords: Int64) -> Bool {
        guard let rows = checks.first(where: { $0.subject == .rows }) else { return false }
        return Double(lagRecords) * 10 > rows.former
    }

    /// Changes which versions of a table there are, and which one serves, in one write.
    func change(_ table: TableEntry, _ change: (inout TableEntry) -> Void) throws {
        // What serves must not fall far back by a power loss, and have the history to apply once more.
        try engine.tables.sync()
        try write { catalog in
            guard var table = catalog.table(id: table.id) else { throw RPCError.noTable(table.name) }
            change(&table)
            try catalog.put(table)
        }
    }

    /// Drops what a change took from the catalog whose fate was not known then.
    func dropUnnamedVersions(in catalog: CatalogSnapshot) {
        for table in catalog.tables.values {
            let named = Set(table.versions.map(\.number))
            // With the next one: a load or a backfill may have made it, and never named it.
            for number in 1...max(1, table.nextVersion) where !named.contains(number) {
                try? engine.tables.dropVersion(table: table.id, version: number)
            }
        }
    }

    /// Whether the version has come as far as the serving one, which stands still; waits a moment for it.
    private func waitUntilBuilt(
        _ version: VersionEntry, _ table: TableEntry, _ snapshot: CatalogSnapshot, by id: RunnerID
    ) -> Bool {
        let deadline = Clock.now + Self.greatestSwitchMicroseconds
        while engine.apps.progress.distance(of: version, of: table, in: snapshot) > 0 {
            guard Clock.now < deadline, engine.apps.status(of: id)?.state == .running else { return false }
            usleep(2_000)
        }
        return true
    }

    /// How long a table's other versions stand still for a switch, at most.
    static let greatestSwitchMicroseconds: Int64 = 5_000_000
}

extension TableEntry {
    /// What is beyond the versions that are kept, once one of them is finished.
    fileprivate func surplus(with finished: VersionEntry, serving: UInt32, keeping count: Int) -> Set<UInt32> {
        var table = self
        table.versions = versions.map { $0.number == finished.number ? finished : $0 }
        table.serve(serving)
        return table.surplusVersions(keeping: count)
    }
}
