/// When the latest records of one bucket were appended, in memory: what tells how old the first record is that somebody has yet to
/// apply. Of a bucket that rarely gets a record the last that was applied says little, for it may be from yesterday.
///
/// Few entries are kept. When there is no room every second one goes, so that they get coarser the further back they reach; a time
/// that is not known to the entry is taken from the one before, and so never too late.
struct Arrivals: Sendable {
    private static let capacity = 32

    private struct Entry {
        /// Of the first record of a group that was appended at once.
        let offset: Int64
        let time: Int64
    }

    private var entries: [Entry] = []

    /// The records from `offset` on, up to what is noted next, were appended at `time`, microseconds since 1970.
    mutating func note(offset: Int64, time: Int64) {
        if entries.count == Self.capacity {
            entries = stride(from: 0, to: Self.capacity, by: 2).map { entries[$0] }
            entries.reserveCapacity(Self.capacity)
        }
        entries.append(Entry(offset: offset, time: time))
    }

    /// No later than the record at `offset` was appended; nil where that is too long ago, or before the server started.
    func time(of offset: Int64) -> Int64? {
        entries.last { $0.offset <= offset }?.time
    }
}
