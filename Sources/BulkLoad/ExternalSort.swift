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
        memory = SortMemory()
    }

    deinit {
        removeRuns()
    }

    /// Whether rows had to leave memory.
    var hasSpilled: Bool { nextRun > 1 }

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
        memory = SortMemory()
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

/// The rows that are in memory.
struct SortMemory {
    /// What a row takes besides its bytes.
    static let entryBytes = MemoryLayout<Entry>.stride

    private struct Entry {
        /// The key's first bytes as a number: most comparisons need no more.
        var prefix: UInt64
        var offset: Int
        var keyBytes: UInt32
        var valueBytes: UInt32
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []

    var count: Int { entries.count }
    var bytes: Int { arena.count + entries.count * Self.entryBytes }

    mutating func append(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        entries.append(
            Entry(
                prefix: Self.prefix(of: key), offset: arena.count, keyBytes: UInt32(key.count),
                valueBytes: UInt32(value.count)))
        arena.append(contentsOf: key)
        arena.append(contentsOf: value)
    }

    mutating func removeAll() {
        arena.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Hands over every key once, in order, and returns how many rows gave way to a later one.
    mutating func handOver(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) -> Int64 {
        let result = arena.withUnsafeBytes { arena -> Result<Int64, BulkLoadError> in
            // The later of two equal keys comes first.
            entries.sort { a, b in
                if a.prefix != b.prefix { return a.prefix < b.prefix }
                let order = compare(Self.key(a, arena), Self.key(b, arena))
                return order == 0 ? a.offset > b.offset : order < 0
            }
            var duplicates: Int64 = 0
            var last: Entry?
            for entry in entries {
                let key = Self.key(entry, arena)
                if let last, last.prefix == entry.prefix, compare(Self.key(last, arena), key) == 0 {
                    duplicates += 1
                    continue
                }
                last = entry
                let start = entry.offset + Int(entry.keyBytes)
                do throws(BulkLoadError) {
                    try body(key, UnsafeRawBufferPointer(rebasing: arena[start..<start + Int(entry.valueBytes)]))
                } catch {
                    return .failure(error)
                }
            }
            return .success(duplicates)
        }
        return try result.get()
    }

    private static func key(_ entry: Entry, _ arena: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: arena[entry.offset..<entry.offset + Int(entry.keyBytes)])
    }

    private static func prefix(of key: UnsafeRawBufferPointer) -> UInt64 {
        if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
        var prefix: UInt64 = 0
        for index in 0..<8 { prefix = prefix << 8 | (index < key.count ? UInt64(key[index]) : 0) }
        return prefix
    }
}

/// The order of keys as RocksDB has it: bytes, then length.
func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    if common > 0, let a = a.baseAddress, let b = b.baseAddress {
        let order = memcmp(a, b, common)
        if order != 0 { return Int(order) }
    }
    return a.count - b.count
}
