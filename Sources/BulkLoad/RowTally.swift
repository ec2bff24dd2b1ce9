/// What rows that were taken up amount to.
struct RowTally: Codable, Hashable, Sendable {
    /// Rows of the sources, without those that the table's query passes over.
    var taken: Int64 = 0
    /// Rows at or after the time of a cut.
    var leftOut: Int64 = 0
    /// For each shard, before rows of one key are combined: so that files end at the same keys however a build went.
    var shardRows: [Int64]
    var shardBytes: [Int64]

    init(shardCount: Int) {
        shardRows = [Int64](repeating: 0, count: shardCount)
        shardBytes = shardRows
    }

    static func += (a: inout RowTally, b: RowTally) {
        a.taken += b.taken
        a.leftOut += b.leftOut
        for shard in a.shardRows.indices {
            a.shardRows[shard] += b.shardRows[shard]
            a.shardBytes[shard] += b.shardBytes[shard]
        }
    }
}

/// Consecutive rows of one source file.
struct RowRange: Codable, Hashable, Sendable {
    var file: Int
    var first: Int
    var count: Int

    var end: Int { first + count }
}

/// Rows of source files that finished runs hold.
struct CoveredRows: Sendable {
    /// For each file, ascending and apart.
    private var ranges: [Int: [Range<Int>]] = [:]

    mutating func add(_ more: [RowRange]) {
        for range in more where range.count > 0 { ranges[range.file, default: []].append(range.first..<range.end) }
        for file in Set(more.map(\.file)) { ranges[file] = Self.joined(ranges[file] ?? []) }
    }

    /// What of `range` is not covered.
    func rest(of range: RowRange) -> [RowRange] {
        var rest: [RowRange] = []
        var next = range.first
        for covered in ranges[range.file] ?? [] where covered.upperBound > next && covered.lowerBound < range.end {
            if covered.lowerBound > next {
                rest.append(RowRange(file: range.file, first: next, count: covered.lowerBound - next))
            }
            next = covered.upperBound
        }
        if next < range.end { rest.append(RowRange(file: range.file, first: next, count: range.end - next)) }
        return rest
    }

    private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
        ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, range in
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
    }
}
