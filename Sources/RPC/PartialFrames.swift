internal import Synchronization

/// The bytes of frames that have begun and not ended, over all connections of a listener: a frame may take long to arrive, and
/// thousands of clients that begin large ones must not fill the memory.
final class PartialFrames: Sendable {
    /// What each connection holds for nothing: small frames are never counted.
    static let freeBytes = 64 << 10

    let limit: Int
    private let bytes = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes notice that a connection holds `new` bytes, where it held `held`. false: that is too much for all together.
    func hold(_ new: Int, insteadOf held: inout Int) -> Bool {
        let counted = new > Self.freeBytes ? new : 0
        let change = counted - held
        if change == 0 { return true }
        held = counted
        return bytes.wrappingAdd(change, ordering: .relaxed).newValue <= limit || change < 0
    }
}
