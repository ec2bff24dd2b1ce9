internal import Synchronization

/// The positions that readers see: those of finished commits, in memory.
///
/// A position is published only after what it covers can be read. Whoever reads freshness first and rows afterwards
/// therefore never believes a row to be fresher than it is.
final class PositionTable: Sendable {
    private let positions = Mutex<[SinkID: [PositionKey: StoredPosition]]>([:])

    /// Called whenever positions are there that were not before, on the thread that commits: it must not hold that up.
    private let onChange = Mutex<(@Sendable () -> Void)?>(nil)

    func setOnChange(_ body: (@Sendable () -> Void)?) {
        onChange.withLock { $0 = body }
    }

    func publish(_ changed: [StoredPosition]) {
        positions.withLock { positions in
            for position in changed { positions[position.sink, default: [:]][position.key] = position }
        }
        tell()
    }

    /// In one step: nobody may take a table for one that was never applied.
    func replaceAll(_ stored: [StoredPosition]) {
        let bySink = Dictionary(grouping: stored, by: \.sink).mapValues { positions in
            Dictionary(positions.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        }
        positions.withLock { $0 = bySink }
        tell()
    }

    private func tell() {
        onChange.withLock { $0 }?()
    }

    func remove(_ sink: SinkID) {
        positions.withLock { _ = $0.removeValue(forKey: sink) }
    }

    subscript(sink: SinkID) -> [PositionKey: StoredPosition] {
        positions.withLock { $0[sink] ?? [:] }
    }
}
