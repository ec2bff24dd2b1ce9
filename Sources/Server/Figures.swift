internal import Catalog
internal import Operations
internal import Processors
internal import Tables

/// What `/metrics` and `/readyz` show.
struct Figures: Sendable {
    private let engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
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
        for status in engine.apps.statuses { add(status, to: &figures) }
        for table in engine.catalog.snapshot.tables.values.sorted(by: { $0.name < $1.name }) {
            add(table, to: &figures)
        }
        return figures
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
