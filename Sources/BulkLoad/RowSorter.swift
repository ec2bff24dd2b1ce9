internal import Foundation
internal import Synchronization
internal import Tables

// Workers fill blocks of memory of their own. A block that is full is sorted and written as a run by its worker, while the others
// go on; blocks that were never full are sorted and stay. No order between runs matters: a value says itself which of two rows
// is the later one. Runs of one level that are many are merged into one of the next, which keeps the number of files open at
// once small however large the input is.

/// Sorts the rows of a build, outside memory where they are more.
final class RowSorter: Sendable {
    /// Runs that one merge reads at once; each has a buffer.
    static let greatestFanIn = 64
    static let bufferBytes = 256 << 10

    let shardCount: Int
    private let journal: BuildJournal
    private let step: @Sendable (BuildStep) throws(BulkLoadError) -> Void
    private let state: Mutex<State>

    private struct State {
        var runs: [RunRecord] = []
        var blocks: [SortBlock] = []
        /// Of what is in blocks.
        var tallies: [RowTally] = []
        var nextRun = 1
    }

    /// `runs` are those that a former build finished.
    init(
        _ table: RowShape, journal: BuildJournal, runs: [RunRecord],
        step: @escaping @Sendable (BuildStep) throws(BulkLoadError) -> Void
    ) {
        self.journal = journal
        self.step = step
        shardCount = table.shardCount
        let numbers = runs.compactMap { Int($0.name.dropFirst(Self.runPrefix.count)) }
        state = Mutex(State(runs: runs, nextRun: (numbers.max() ?? 0) + 1))
    }

    private static let runPrefix = "run-"

    /// All rows that were taken up.
    var tally: RowTally {
        state.withLock { state in
            var sum = RowTally(shardCount: shardCount)
            for run in state.runs { sum += run.tally }
            for tally in state.tallies { sum += tally }
            return sum
        }
    }

    /// Sorts a block and writes it as a run; it is empty afterwards.
    func spill(_ block: SortBlock, _ tally: RowTally, covered: [RowRange]) throws(BulkLoadError) {
        block.sort(shardCount: shardCount)
        var run = RunRecord(
            name: newName(), level: 0, replaces: [], sections: [], covered: covered, tally: tally)
        try write(&run) { shard in block.cursor(shard: shard).map { [$0] } ?? [] }
        block.removeAll()
        try finish(run)
        try mergeFull()
    }

    /// Keeps the rows that are left, sorted: in memory where that held all, else as a run, so that a build that ends later
    /// need not read them again.
    func finish(_ block: SortBlock, _ tally: RowTally, covered: [RowRange]) throws(BulkLoadError) {
        if block.count == 0, covered.isEmpty { return }
        if state.withLock({ !$0.runs.isEmpty }) { return try spill(block, tally, covered: covered) }
        block.sort(shardCount: shardCount)
        state.withLock { state in
            state.blocks.append(block)
            state.tallies.append(tally)
        }
    }

    /// Once all blocks are finished: few enough runs to be merged at once.
    func prepareToRead() throws(BulkLoadError) {
        while let least = takeLeast() { try merge(least) }
    }

    /// To be called once the sorter is prepared. Reads runs that are open for as long as what is returned lives.
    func openRows() throws(BulkLoadError) -> SortedRows {
        let (runs, blocks) = state.withLock { ($0.runs, $0.blocks) }
        return try SortedRows(runs: runs, folder: journal.folder, blocks: blocks)
    }

    // MARK: Runs

    private func newName() -> String {
        state.withLock { state in
            var isFolder: ObjCBool = true
            while true {
                defer { state.nextRun += 1 }
                let name = "\(Self.runPrefix)\(state.nextRun)"
                // Somebody's, in the folder of the build.
                let isThere = FileManager.default.fileExists(
                    atPath: "\(journal.folder)/\(name)", isDirectory: &isFolder)
                if !isThere || !isFolder.boolValue { return name }
            }
        }
    }

    private func write(
        _ run: inout RunRecord, _ cursors: (Int) throws(BulkLoadError) -> [RowCursor]
    ) throws(BulkLoadError) {
        var writer = try RunWriter(path: "\(journal.folder)/\(run.name)")
        for shard in 0..<shardCount {
            let cursors = try cursors(shard)
            if cursors.isEmpty { continue }
            var merge = try RowMerge(cursors)
            try writer.writeSection(shard: shard) { body throws(BulkLoadError) in try merge.handOver(body) }
        }
        try writer.finish()
        run.sections = writer.sections
    }

    private func finish(_ run: RunRecord) throws(BulkLoadError) {
        try step(.runWritten)
        try journal.append(.run(run))
        try step(.runFinished)
        state.withLock { $0.runs.append(run) }
    }

    private func mergeFull() throws(BulkLoadError) {
        let full = state.withLock { state -> [RunRecord]? in
            for level in Set(state.runs.map(\.level)) {
                let runs = state.runs.filter { $0.level == level }
                if runs.count >= Self.greatestFanIn { return Self.take(runs, from: &state) }
            }
            return nil
        }
        if let full { try merge(full) }
    }

    /// The smallest runs, where there are more than can be read at once.
    private func takeLeast() -> [RunRecord]? {
        state.withLock { state in
            let surplus = state.runs.count - Self.greatestFanIn
            if surplus <= 0 { return nil }
            let least = state.runs.sorted { $0.bytes < $1.bytes }.prefix(min(surplus + 1, Self.greatestFanIn))
            return Self.take(Array(least), from: &state)
        }
    }

    private static func take(_ runs: [RunRecord], from state: inout State) -> [RunRecord] {
        let taken = Array(runs.prefix(greatestFanIn))
        let names = Set(taken.map(\.name))
        state.runs.removeAll { names.contains($0.name) }
        return taken
    }

    private func merge(_ runs: [RunRecord]) throws(BulkLoadError) {
        var merged = RunRecord(
            name: newName(), level: (runs.map(\.level).max() ?? 0) + 1, replaces: runs.map(\.name), sections: [],
            covered: runs.flatMap(\.covered), tally: RowTally(shardCount: shardCount))
        for run in runs { merged.tally += run.tally }
        let rows = try SortedRows(runs: runs, folder: journal.folder, blocks: [])
        try write(&merged) { shard in rows.cursors(shard: shard) }
        try finish(merged)
        for run in runs { unlink("\(journal.folder)/\(run.name)") }
    }
}

/// What of a table the sorting of its rows needs to know.
struct RowShape: Sendable {
    var shardCount: Int
    var columnCount: Int
    /// nil where nobody counts.
    var nulls: NullCounter?
}

/// The sorted rows of a build, shard by shard.
final class SortedRows {
    private let blocks: [SortBlock]
    /// By shard.
    private var sections: [Int: [(RunFile, RunSection)]] = [:]

    init(runs: [RunRecord], folder: String, blocks: [SortBlock]) throws(BulkLoadError) {
        self.blocks = blocks
        for run in runs {
            let file = try RunFile(path: "\(folder)/\(run.name)")
            for section in run.sections { sections[section.shard, default: []].append((file, section)) }
        }
    }

    func cursors(shard: Int) -> [RowCursor] {
        let runs = (sections[shard] ?? []).map { RunCursor($0, $1, bufferBytes: RowSorter.bufferBytes) }
        return runs + blocks.compactMap { $0.cursor(shard: shard) }
    }
}
