internal import Catalog
internal import Categories
internal import Tables

/// Where outputs read and write.
struct OutputStores: Sendable {
    let categories: CategoryStore
    let tables: TableStore
}

/// The output categories of an app.
final class AppOutputs {
    let records: [RecordOutput]
    let panes: [PaneOutput]
    private let stores: OutputStores

    init(
        _ app: AppEntry, _ catalog: CatalogSnapshot, inputs: [InputPlan], stores: OutputStores,
        greatestRoundCount: Int = PaneEmitter.greatestRoundCount
    ) throws(ProcessorsError) {
        self.stores = stores
        records = inputs.flatMap(\.outputs)
        var panes: [PaneOutput] = []
        for category in app.outputIDs.compactMap({ catalog.category(id: $0) }) {
            guard case .panes(let query)? = category.output, let table = catalog.table(id: query.tableID),
                let pane = table.pane
            else { continue }
            let emitter = try PaneEmitter(
                category, query, table: table, app: app, stores: stores, greatestRoundCount: greatestRoundCount)
            for input in inputs {
                let output = try PaneOutput(emitter, input: input, pane: pane)
                // Whoever fills another version than the one that serves emits nothing.
                if input.attach(output) { panes.append(output) }
            }
        }
        self.panes = panes
    }

    /// Forgets what was gathered, and emits again what a crash may have interrupted.
    func load() throws(ProcessorsError) {
        for output in records { output.removeAll() }
        for output in panes { try output.load(stores) }
    }

    /// Whether a checkpoint has something to do though no record has come.
    var isDirty: Bool { panes.contains { $0.isDirty } }

    var recordCount: UInt64 {
        records.reduce(0) { $0 + $1.recordCount } + panes.reduce(0) { $0 + $1.recordCount }
    }

    var lateCount: UInt64 { panes.reduce(0) { $0 + $1.lateCount } }
    var oversizedCount: UInt64 { panes.reduce(0) { $0 + $1.oversizedCount } }

    // MARK: Checkpoints

    /// What a checkpoint of everything that was applied so far has to do. The one before it has to be done.
    func take(beginsRounds: Bool) -> OutputWork {
        OutputWork(
            records: records.map { $0.take() },
            panes: panes.map { $0.take(beginsRound: beginsRounds) })
    }

    func didCommit(_ work: OutputWork) {
        for (output, appends) in zip(records, work.records) { output.didAppend(appends) }
        for (output, checkpoint) in zip(panes, work.panes) { output.didCommit(checkpoint) }
    }
}

/// The part of a checkpoint that concerns output categories; done by whichever thread writes the checkpoint.
struct OutputWork: Sendable {
    fileprivate let records: [RecordAppends]
    fileprivate var panes: [PaneCheckpoint]

    /// Makes durable what the checkpoint must not pass, and adds to it what the outputs have to remember. The checkpoint has its
    /// merges already.
    mutating func prepare(_ checkpoint: inout Checkpoint) throws(ProcessorsError) {
        for appends in records {
            if appends.isAfterCommit {
                if appends.count > 0 { checkpoint.isSynced = true }
            } else {
                try appends.append()
            }
        }
        for index in panes.indices { try panes[index].add(to: &checkpoint) }
    }

    /// The checkpoint is written.
    mutating func finish() throws(ProcessorsError) {
        for appends in records where appends.isAfterCommit { try appends.append() }
        for index in panes.indices { try panes[index].didCommit() }
    }
}
