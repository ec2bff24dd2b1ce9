internal import Bytes

/// A producer in a category. The empty id stands for what is kept of those that were forgotten.
struct ProducerKey: Hashable, Sendable {
    let category: UInt32
    let id: [UInt8]

    /// Of the row.
    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 4 + id.count)
        writer.append(bigEndian: category)
        writer.append(contentsOf: id)
        return writer.bytes
    }

    init(category: UInt32, id: [UInt8]) {
        self.category = category
        self.id = id
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws(BytesError) {
        var reader = ByteReader(bytes)
        category = try reader.readBigEndian()
        id = [UInt8](reader.rest)
    }
}

/// Every producer that the log remembers: what is durable of them, and nothing else.
///
/// Those that number their records are the server's own, as many as there are outputs, and remembered for ever: an app that was
/// stopped for long may begin with what it appended already.
final class ProducerTable {
    /// Of all categories; beyond it a new producer is refused.
    static let greatestCount = 250_000
    static let microsecondsUntilForgotten: Int64 = 7 * 86_400 * 1_000_000
    /// Where there are too many: of those that nobody opened, whose appends are long answered.
    private static let microsecondsUntilCrowdedOut: Int64 = 3600 * 1_000_000
    private static let crowdedCount = greatestCount / 4 * 3

    private(set) var states: [ProducerKey: ProducerState]

    init(_ states: [ProducerKey: ProducerState]) {
        self.states = states
    }

    subscript(key: ProducerKey) -> ProducerState? { states[key] }

    var count: Int { states.count }

    func merge(_ changed: [ProducerKey: ProducerState]) {
        for (key, state) in changed { states[key] = state }
    }

    func remove(category: UInt32) {
        states = states.filter { $0.key.category != category }
    }

    /// The epoch that opening the producer gives: above every one that it had, forgotten or not.
    func nextEpoch(of key: ProducerKey, after epoch: UInt32) throws(CategoriesError) -> UInt32 {
        let forgotten = states[ProducerKey(category: key.category, id: [])]?.epoch ?? 0
        let last = max(epoch, forgotten)
        guard last < .max else { throw CategoriesError(.invalidArgument, "the producer has had every epoch there is") }
        return last + 1
    }

    /// Takes out those that were not used for long. What was kept of the forgotten, where it changed, comes back as `kept`.
    func forget(now: Int64) -> (gone: [ProducerKey], kept: [ProducerKey: ProducerState]) {
        let isCrowded = count > Self.crowdedCount
        var gone: [ProducerKey] = []
        var kept: [ProducerKey: ProducerState] = [:]
        for (key, state) in states where !key.id.isEmpty {
            if case .records = state.progress { continue }
            let crowdsOut = isCrowded && state.epoch == 0
            let limit = crowdsOut ? Self.microsecondsUntilCrowdedOut : Self.microsecondsUntilForgotten
            guard now - state.usedAt > limit else { continue }
            gone.append(key)
            let rest = ProducerKey(category: key.category, id: [])
            guard state.epoch > (kept[rest] ?? states[rest])?.epoch ?? 0 else { continue }
            kept[rest] = ProducerState(epoch: state.epoch, usedAt: now)
        }
        for key in gone { states[key] = nil }
        merge(kept)
        return (gone, kept)
    }
}
