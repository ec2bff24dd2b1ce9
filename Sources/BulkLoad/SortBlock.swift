internal import Bytes
internal import Foundation

/// Rows that are in memory: in one region, rows from its beginning on, an entry for each from its end back. Between them there is
/// always room to sort the entries, so that a block never takes more than its region.
final class SortBlock: @unchecked Sendable {
    // A worker fills and sorts it; after that it is only read.

    struct Entry {
        /// The first eight bytes of the tuple as a number: most comparisons need no more.
        var prefix: UInt64
        /// The shard in the upper 16 bits, the row's place in the region in the others.
        var place: UInt64

        var shard: Int { Int(place >> 48) }
        var offset: Int { Int(place & (1 << 48 - 1)) }
    }

    private static let entryBytes = MemoryLayout<Entry>.stride

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private var rowsEnd = 0
    private(set) var count = 0
    private var sorted = UnsafeMutableBufferPointer<Entry>(start: nil, count: 0)
    /// For each shard, and one beyond the last, its first entry.
    private var starts: [Int] = []

    init(capacity: Int) {
        self.capacity = Self.rounded(capacity)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    /// Whether so many rows more, with so many bytes of keys and values, are sure to fit.
    func fits(rows: Int, bytes: Int) -> Bool {
        Self.needed(rowsEnd: rowsEnd + bytes + rows * StoredRow.greatestOverhead, count: count + rows) <= capacity
    }

    /// Makes the region larger where that is the only way.
    func reserve(rows: Int, bytes: Int) {
        if !fits(rows: rows, bytes: bytes) {
            grow(to: Self.needed(rowsEnd: rowsEnd + bytes + rows * StoredRow.greatestOverhead, count: count + rows))
        }
    }

    /// There must be room.
    func append(shard: UInt16, tuple: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let end = StoredRow.write(shard: shard, tuple: tuple, value: value, to: base + rowsEnd)
        let entry = Entry(prefix: keyPrefix(tuple), place: UInt64(shard) << 48 | UInt64(rowsEnd))
        (base + capacity - (count + 1) * Self.entryBytes).storeBytes(of: entry, as: Entry.self)
        rowsEnd = end - UnsafeRawPointer(base)
        count += 1
    }

    func removeAll() {
        rowsEnd = 0
        count = 0
        sorted = UnsafeMutableBufferPointer(start: nil, count: 0)
        starts = []
    }

    /// By shard first, which needs no comparison and keeps the order in which rows came: what comes sorted stays so.
    func sort(shardCount: Int) {
        let appended = (base + capacity - count * Self.entryBytes).bindMemory(to: Entry.self, capacity: count)
        var next = [Int](repeating: 0, count: shardCount + 1)
        for index in 0..<count { next[appended[index].shard + 1] += 1 }
        for shard in 0..<shardCount { next[shard + 1] += next[shard] }
        starts = next
        let target = (base + Self.rounded(rowsEnd)).bindMemory(to: Entry.self, capacity: count)
        for index in stride(from: count - 1, through: 0, by: -1) {
            let entry = appended[index]
            target[next[entry.shard]] = entry
            next[entry.shard] += 1
        }
        sorted = UnsafeMutableBufferPointer(start: target, count: count)
        let rows = UnsafeRawPointer(base)
        for shard in 0..<shardCount where starts[shard + 1] - starts[shard] > 1 {
            sorted[starts[shard]..<starts[shard + 1]].sort { a, b in
                if a.prefix != b.prefix { return a.prefix < b.prefix }
                return compare(StoredRow(rows + a.offset).key, StoredRow(rows + b.offset).key) < 0
            }
        }
    }

    /// The rows of a shard in ascending order, once they are sorted; nil where there is none.
    func cursor(shard: Int) -> RowCursor? {
        let range = starts[shard]..<starts[shard + 1]
        return range.isEmpty
            ? nil : BlockCursor(self, UnsafeBufferPointer(rebasing: sorted[range]), UnsafeRawPointer(base))
    }

    private func grow(to needed: Int) {
        let larger = Self.rounded(needed)
        let region = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        region.copyMemory(from: base, byteCount: rowsEnd)
        (region + larger - count * Self.entryBytes).copyMemory(
            from: base + capacity - count * Self.entryBytes, byteCount: count * Self.entryBytes)
        base.deallocate()
        base = region
        capacity = larger
    }

    /// Entries count twice: they are sorted beside themselves.
    private static func needed(rowsEnd: Int, count: Int) -> Int {
        rounded(rowsEnd) + 2 * count * entryBytes
    }

    private static func rounded(_ bytes: Int) -> Int {
        (bytes + entryBytes - 1) / entryBytes * entryBytes
    }

}

/// Walks the sorted rows of one shard of a block.
private final class BlockCursor: RowCursor {
    private static let rowsAhead = 12
    private static let shortRowBytes = 40

    private let block: SortBlock
    private let entries: UnsafeBufferPointer<SortBlock.Entry>
    private let rows: UnsafeRawPointer
    private var next = 0

    init(_ block: SortBlock, _ entries: UnsafeBufferPointer<SortBlock.Entry>, _ rows: UnsafeRawPointer) {
        self.block = block
        self.entries = entries
        self.rows = rows
    }

    override func advance() throws(BulkLoadError) -> Bool {
        guard next < entries.count else { return false }
        if next + Self.rowsAhead < entries.count {
            let ahead = rows + entries[next + Self.rowsAhead].offset
            prefetch(ahead)
            // Most rows are short, and half of those stand across two lines.
            prefetch(ahead + Self.shortRowBytes)
        }
        let row = StoredRow(rows + entries[next].offset)
        key = row.key
        value = row.value
        next += 1
        return true
    }
}
