internal import Synchronization

/// The positions that readers see: those of finished commits, in memory.
///
/// A position is published only after what it covers can be read. Whoever reads freshness first and rows afterwards
/// therefore never believes a row to be fresher than it is.
final class PositionTable: Sendable {
    private let positions = Mutex<[VersionID: [PositionKey: StoredPosition]]>([:])

    func publish(_ changed: [StoredPosition]) {
        positions.withLock { positions in
            for position in changed {
                let id = VersionID(table: position.table, version: position.version)
                positions[id, default: [:]][position.key] = position
            }
        }
    }

    func replaceAll(_ stored: [StoredPosition]) {
        positions.withLock { $0.removeAll() }
        publish(stored)
    }

    func remove(_ id: VersionID) {
        positions.withLock { _ = $0.removeValue(forKey: id) }
    }

    subscript(id: VersionID) -> [PositionKey: StoredPosition] {
        positions.withLock { $0[id] ?? [:] }
    }
}
