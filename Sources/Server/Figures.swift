internal import Catalog
internal import Operations
internal import Processors
internal import RPC
internal import Tables

/// What `/metrics` and `/readyz` show.
struct Figures: Sendable {
    private let engine: Engine
    private let listener: RPCListener?
    private let pools: WorkPools?

    init(_ engine: Engine, _ listener: RPCListener? = nil, _ pools: WorkPools? = nil) {
        self.engine = engine
        self.listener = listener
        self.pools = pools
    }

    /// What keeps the server from being ready: an app that has failed, or keeps failing, and tables that are too far behind.
    var obstacles: [String] {
        let failures: [String] = engine.apps.statuses.compactMap { status in
            switch status.state {
            case .running, .stopped: nil
            case .retrying, .failed:
                "app \(status.app) is \(status.state.rawValue): \(status.message ?? "no reason given")"
            }
        }
        return failures + engine.lagWatch.obstacles(engine)
    }

    var snapshot: FiguresSnapshot {
        var figures = FiguresSnapshot()
        figures.gauge("maser_resident_bytes", Double(Resident.bytes), help: "Memory that the process holds")
        figures.gauge("maser_memory_limit_bytes", Double(engine.memoryBytes), help: "The memory setting")
        figures.gauge("maser_disk_bytes", Double(engine.folder.diskBytes), help: "Disk that the data folder takes")
        figures.counter(
            "maser_undecodable_operands_total", Double(engine.tables.undecodableOperands),
            help: "Merge operands that were set aside; anything but 0 deserves a look")
        if let listener { add(listener, to: &figures) }
        for pool in pools?.all ?? [] { add(pool, to: &figures) }
        for status in engine.apps.statuses { add(status, to: &figures) }
        for table in engine.catalog.snapshot.tables.values.sorted(by: { $0.name < $1.name }) {
            add(table, to: &figures)
        }
        return figures
    }

    private func add(_ listener: RPCListener, to figures: inout FiguresSnapshot) {
        figures.gauge("maser_connections", Double(listener.connectionCount), help: "Clients' connections")
        guard let tls = listener.tlsFigures else { return }
        let expiries = [("server", tls.certificateExpiry), ("client_ca", tls.authorityExpiry)]
        for case (let name, let expiry?) in expiries {
            figures.gauge(
                "maser_certificate_expiry_timestamp_seconds", Double(expiry), labels: ["certificate": name],
                help: "When the certificate ends, in seconds since 1970")
        }
        figures.counter(
            "maser_tls_handshakes_total", Double(tls.handshakes - tls.resumptions), labels: ["resumed": "false"],
            help: "TLS handshakes that were completed")
        figures.counter(
            "maser_tls_handshakes_total", Double(tls.resumptions), labels: ["resumed": "true"],
            help: "TLS handshakes that were completed")
        figures.gauge("maser_tls_handshakes_under_way", Double(tls.underWay), help: "TLS handshakes that are not done")
        figures.counter(
            "maser_tls_handshakes_refused_total", Double(tls.refusals),
            help: "Connections that found too many handshakes under way")
    }

    private func add(_ pool: WorkPool, to figures: inout FiguresSnapshot) {
        let labels: KeyValuePairs = ["queue": pool.label]
        figures.gauge(
            "maser_queue_waiting", Double(pool.waitingCount), labels: labels, help: "Requests that wait for a thread")
        figures.counter(
            "maser_queue_refused_total", Double(pool.refusedCount), labels: labels,
            help: "Requests that found the queue full, and were answered as overloaded")
        figures.counter(
            "maser_queue_expired_total", Double(pool.droppedCount), labels: labels,
            help: "Requests that were not done, for their deadline had passed when their turn came")
    }

    private func add(_ table: TableEntry, to figures: inout FiguresSnapshot) {
        let hottest = engine.hotKeys.hottest(of: table.id, count: 1)
        if let key = hottest.keys.first {
            figures.gauge(
                "maser_table_hottest_key_share", Double(key.least) / Double(hottest.lookups),
                labels: ["table": table.name],
                help: "The part of a table's lookups, of the last minute or two, that its hottest key has")
        }
        if let statistics = try? engine.tables.statistics(table: table.id, version: table.servingVersion) {
            figures.gauge(
                "maser_table_rows", Double(statistics.estimatedRows), labels: ["table": table.name],
                help: "Rows of the serving version, estimated")
            figures.gauge(
                "maser_table_bytes", Double(statistics.bytes), labels: ["table": table.name],
                help: "Bytes of the serving version")
        }
        if let freshness = engine.freshness(of: table) {
            figures.gauge(
                "maser_table_staleness_seconds", Double(Clock.now - freshness) / 1_000_000,
                labels: ["table": table.name],
                help: "How old the newest input is that is surely applied")
        }
    }
}
