/// When the latest records of one bucket were appended, in memory: what tells how old the first record is that somebody has yet to
/// apply. Of a bucket that rarely gets a record the last that was applied says little, for it may be from yesterday.
///
/// Few entries are kept. When there is no room that one goes whose loss is least against how long ago it was, so that they get
/// coarser the further back they reach; a time that is not known to the entry is taken from the one before, and so never too late.
struct Arrivals: Sendable {
    private static let capacity = 64

    private struct Entry {
        /// Of the first record of a group that was appended at once.
        let offset: Int64
        let time: Int64
    }

    private var entries: [Entry] = []

    /// The records from `offset` on, up to what is noted next, were appended at `time`, microseconds since 1970.
    mutating func note(offset: Int64, time: Int64) {
        if entries.count == Self.capacity { entries.remove(at: leastMissed(at: time)) }
        entries.append(Entry(offset: offset, time: time))
    }

    /// Of those between the first and the last: the one without which the gap is least for its age.
    private func leastMissed(at now: Int64) -> Int {
        var least = (index: 1, loss: Double.infinity)
        for index in 1..<entries.count - 1 {
            let next = entries[index + 1].time
            let loss = Double(next - entries[index - 1].time) / Double(max(1, now - next))
            if loss < least.loss { least = (index, loss) }
        }
        return least.index
    }

    /// No later than the record at `offset` was appended; nil where that is too long ago, or before the server started.
    func time(of offset: Int64) -> Int64? {
        entries.last { $0.offset <= offset }?.time
    }
}
