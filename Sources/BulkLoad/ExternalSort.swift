internal import Foundation

// Rows gather in memory up to a limit, are sorted and written as a run; in the end the runs are merged. Runs are in the
// order in which their rows came, so that among equal keys the row of the latest run is the latest row, and within a run
// the one that stands last in memory. That holds for merges of neighbouring runs as well, which keep the number of files
// open at once small however large the input is.

/// Sorts rows by key outside memory. Of rows with equal keys the one that came last stays.
final class ExternalSort {
    /// Files that one merge reads at once; each has a buffer.
    static let greatestFanIn = 64

    private struct Run {
        var path: String
        /// 0 for a run that came from memory; a merge of runs has one more than they.
        var level: Int
    }

    private let folder: String
    private let memoryBytes: Int
    private var memory: SortMemory
    private var runs: [Run] = []
    private var nextRun = 1
    private(set) var count: Int64 = 0
    /// Rows that gave way to a later one; complete once all is handed over.
    private(set) var duplicates: Int64 = 0

    init(folder: String, memoryBytes: Int) {
        self.folder = folder
        self.memoryBytes = memoryBytes
        // Pages that no row comes to are never touched.
        memory = SortMemory(capacity: memoryBytes)
    }

    deinit {
        removeRuns()
    }

    func append(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(BulkLoadError) {
        if memory.bytes + key.count + value.count + SortMemory.entryBytes > memoryBytes, memory.count > 0 {
            try spill()
        }
        memory.append(key: key, value: value)
        count += 1
    }

    /// Hands over every key once, in ascending byte order. The bytes are good until the body returns.
    func handOver(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        if runs.isEmpty {
            duplicates += try memory.handOver(body)
            return
        }
        if memory.count > 0 { try spill() }
        memory = SortMemory(capacity: 0)
        while runs.count > Self.greatestFanIn { try mergeLast(Self.greatestFanIn) }
        var merge = try RunMerge(paths: runs.map(\.path))
        duplicates += try merge.handOver(body)
        removeRuns()
    }

    private func spill() throws(BulkLoadError) {
        let run = Run(path: newPath(), level: 0)
        runs.append(run)
        let file = try RunWriter(path: run.path)
        duplicates += try memory.handOver { key, value throws(BulkLoadError) in try file.append(key, value) }
        try file.finish()
        memory.removeAll()
        while runs.count >= Self.greatestFanIn,
            runs.suffix(Self.greatestFanIn).allSatisfy({ $0.level == runs.last?.level })
        {
            try mergeLast(Self.greatestFanIn)
        }
    }

    private func mergeLast(_ count: Int) throws(BulkLoadError) {
        let merged = Array(runs.suffix(count))
        let run = Run(path: newPath(), level: (merged.map(\.level).max() ?? 0) + 1)
        runs.removeLast(merged.count)
        runs.append(run)
        defer { for run in merged { unlink(run.path) } }
        let file = try RunWriter(path: run.path)
        var merge = try RunMerge(paths: merged.map(\.path))
        duplicates += try merge.handOver { key, value throws(BulkLoadError) in
            try file.append(key, value)
        }
        try file.finish()
    }

    private func newPath() -> String {
        defer { nextRun += 1 }
        return "\(folder)/run-\(nextRun)"
    }

    private func removeRuns() {
        for run in runs { unlink(run.path) }
        runs = []
    }
}
