internal import Catalog
internal import Operations
internal import Processors
internal import RPC
internal import Tables

/// What `/metrics` and `/readyz` show.
struct Figures: Sendable {
    private let engine: Engine
    private let listener: RPCListener?

    init(_ engine: Engine, _ listener: RPCListener? = nil) {
        self.engine = engine
        self.listener = listener
    }

    /// What keeps the server from being ready: an app that has stopped, or keeps failing.
    var obstacles: [String] {
        engine.apps.statuses.compactMap { status in
            switch status.state {
            case .running, .stopped: nil
            case .retrying, .failed:
                "app \(status.app) is \(status.state.rawValue): \(status.message ?? "no reason given")"
            }
        }
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

    private func add(_ table: TableEntry, to figures: inout FiguresSnapshot) {
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
