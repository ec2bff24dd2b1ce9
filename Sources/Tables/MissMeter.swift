internal import Synchronization

/// How often a version's recent lookups had to read a file.
///
/// What RocksDB asks of the system counts, whether the system then went to the disk or not: nobody can tell before it happened.
final class MissMeter: Sendable {
    /// Of the keys looked up, beyond which reads are said to miss memory.
    private static let tolerated = 0.01
    /// A small block's, as it lies compressed in a file.
    private static let bytesPerRead = 2048
    /// About so many keys back it looks.
    private static let keysRemembered = 1024.0

    /// Bits of a Double: the share of recent keys for which a file was read. Two threads that change it at once may lose one change, which
    /// the next makes good.
    private let share = Atomic<UInt64>(0)

    func add(keys: Int, fileBytes: Int) {
        let old = Double(bitPattern: share.load(ordering: .relaxed))
        if old == 0, fileBytes == 0 { return }
        let fileReads = (fileBytes + Self.bytesPerRead - 1) / Self.bytesPerRead
        let weight = min(Double(keys) / Self.keysRemembered, 1)
        let new = old + (min(Double(fileReads) / Double(max(keys, 1)), 1) - old) * weight
        share.store((new < Self.tolerated / 16 ? 0 : new).bitPattern, ordering: .relaxed)
    }

    var missesMemory: Bool { Double(bitPattern: share.load(ordering: .relaxed)) > Self.tolerated }
}
