internal import BulkLoad
internal import Catalog
internal import RPC
internal import Synchronization

// A load of a table that no category feeds serves as soon as it is adopted and has passed its checks. One of a table that has a
// category is a backfill whose first rows are there already: it replays the category from its cut on, is compared with what serves
// when it has caught up, and serves then.

extension ControlPlane {
    func beginLoad(_ request: WireBeginLoadRequest) throws -> WireBeginLoadResponse {
        let bytes = [UInt8](request.manifest)
        let manifest = try LoadManifest(decoding: bytes)
        let catalog = try engine.catalog.settled()
        guard let table = catalog.table(id: manifest.table.id) else { throw RPCError.noTable(manifest.table.name) }
        let terms = LoadTerms(isAgain: request.again, cut: try cut(named: request.live))
        try manifest.check(against: table, shardCount: catalog.shardCount)
        // Before what its replay needs: a version that is still being built may be the one that it became.
        try LoadIntake.checkIsNew(bytes, to: table, terms)
        // Refused now, not when everything is here.
        _ = try replay(of: manifest, terms, into: table, in: catalog)
        let begun = try engine.loads.begin(
            manifest: bytes, table: table, shardCount: catalog.shardCount, terms: terms, now: Clock.now)
        var response = WireBeginLoadResponse()
        response.load = begun.load
        response.received = begun.received
        return response
    }

    func finishLoad(_ request: WireFinishLoadRequest) throws -> WireFinishLoadResponse {
        let upload: LoadUpload
        do {
            upload = try engine.loads.upload(request.load)
        } catch {
            // The answer was lost, and is asked for again.
            if let answer = try adopted(request.load) { return answer }
            throw error
        }
        // Which reads all of it, and holds nobody up.
        try engine.loads.verify(upload)
        return try engine.turn.withLock { _ in
            let catalog: CatalogSnapshot
            let replay: Replay?
            do {
                catalog = try engine.catalog.settled()
                guard let table = catalog.table(id: upload.id.table) else {
                    throw RPCError.noTable(upload.manifest.table.name)
                }
                replay = try self.replay(of: upload.manifest, upload.terms, into: table, in: catalog)
            } catch {
                upload.reopen()
                throw error
            }
            let adoption = Adoption(
                now: Clock.now, isForced: request.force, versionsKept: engine.versionsKept,
                replay: replay.map { Adoption.Replay(cut: $0.cut, startOffsets: $0.startOffsets) })
            let adopted: AdoptedVersion
            do {
                adopted = try engine.loads.adopt(upload, into: engine.tables, catalog: engine.catalog, adoption)
            } catch {
                if isUndecided(error) { engine.unsettled.begin() }
                throw error
            }
            if let replay {
                try checkIsWhole(replay.startOffsets, of: replay.category, version: adopted.version, upload.id.table)
                engine.apps.reconcile()
            }
            return WireFinishLoadResponse(adopted, warnings: replay?.warnings ?? [])
        }
    }

    /// What became of a load that is not under way any more; nil where it never became anything.
    private func adopted(_ load: String) throws -> WireFinishLoadResponse? {
        guard let id = LoadID(load) else { return nil }
        return try engine.turn.withLock { _ in
            guard let table = try engine.catalog.settled().table(id: id.table),
                let load = id.adoption(by: table)
            else { return nil }
            var response = WireFinishLoadResponse()
            response.version = load.version
            response.rows = load.rows
            let version = table.versions.first { $0.number == load.version }
            response.state = version.map { table.state(of: $0) } ?? "dropped"
            response.checks = version?.load?.checks.map(WireVersionCheck.init) ?? []
            return response
        }
    }
}

extension TableEntry {
    /// A word for it, as the wire has it.
    func state(of version: VersionEntry) -> String {
        if version.number == servingVersion { return "serving" }
        return version.isBuilding ? "building" : version.isHeld ? "held" : "standby"
    }
}

extension WireFinishLoadResponse {
    fileprivate init(_ adopted: AdoptedVersion, warnings: [String]) {
        self.init()
        version = adopted.version
        rows = adopted.rows
        state =
            switch adopted.state {
            case .serving: "serving"
            case .building: "building"
            case .held: "held"
            }
        checks = adopted.checks.map(WireVersionCheck.init)
        self.warnings = warnings
    }
}
