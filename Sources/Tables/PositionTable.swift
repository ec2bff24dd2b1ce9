internal import Synchronization

/// The positions that readers see: those of finished commits, in memory.
///
/// A position is published only after what it covers can be read. Whoever reads freshness first and rows afterwards
/// therefore never believes a row to be fresher than it is.
final class PositionTable: Sendable {
    private let positions = Mutex<[VersionID: [PositionKey: StoredPosition]]>([:])

    func publish(_ changed: [StoredPosition]) {
        positions.withLock { positions in
            for position in changed { positions[position.versionID, default: [:]][position.key] = position }
        }
    }

    /// In one step: nobody may take a table for one that was never applied.
    func replaceAll(_ stored: [StoredPosition]) {
        let byVersion = Dictionary(grouping: stored, by: \.versionID).mapValues { positions in
            Dictionary(positions.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        }
        positions.withLock { $0 = byVersion }
    }

    func remove(_ id: VersionID) {
        positions.withLock { _ = $0.removeValue(forKey: id) }
    }

    subscript(id: VersionID) -> [PositionKey: StoredPosition] {
        positions.withLock { $0[id] ?? [:] }
    }
}
