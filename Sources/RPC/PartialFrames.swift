internal import Synchronization

/// The bytes of frames that have begun and not ended, over all connections of a listener: a frame may take long to arrive, and
/// thousands of clients that begin large ones must not fill the memory. When they would, those that began first go: whoever
/// sends a frame in earnest ends it soon.
final class PartialFrames: Sendable {
    /// What each connection holds for nothing: small frames are never counted.
    static let freeBytes = 64 << 10

    let limit: Int
    private let state = Mutex(State())

    private struct State {
        var holders: [ObjectIdentifier: Holder] = [:]
        var bytes = 0
        var nextTurn: UInt64 = 0
    }

    private struct Holder {
        var bytes: Int
        /// In which order they began.
        let turn: UInt64
        let drop: @Sendable () -> Void
        var isDropped = false
    }

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes notice that `holder` holds so many bytes. Where that is too much for all together, calls the `drop` of the one whose frame
    /// has been open longest, which may be this one: any thread will do.
    func hold(_ bytes: Int, by holder: AnyObject, drop: @autoclosure () -> @Sendable () -> Void) {
        let id = ObjectIdentifier(holder)
        let dropped = state.withLock { state -> (@Sendable () -> Void)? in
            guard bytes > Self.freeBytes else {
                state.bytes -= state.holders.removeValue(forKey: id)?.bytes ?? 0
                return nil
            }
            state.bytes += bytes - (state.holders[id]?.bytes ?? 0)
            if state.holders[id] == nil {
                state.holders[id] = Holder(bytes: bytes, turn: state.nextTurn, drop: drop())
                state.nextTurn += 1
            } else {
                state.holders[id]?.bytes = bytes
            }
            guard state.bytes > limit,
                let oldest = state.holders.filter({ !$0.value.isDropped }).min(by: { $0.value.turn < $1.value.turn })
            else { return nil }
            state.holders[oldest.key]?.isDropped = true
            return oldest.value.drop
        }
        dropped?()
    }
}
