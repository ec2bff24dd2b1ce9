internal import NIOCore
internal import NIOPosix

/// Where a thread decrypts what it reads: its connections take turns with it, so that an idle one keeps none.
final class PlaintextSpare {
    private var buffer = ByteBuffer()

    static var current: PlaintextSpare {
        if let spare = ofThread.currentValue { return spare }
        let spare = PlaintextSpare()
        ofThread.currentValue = spare
        return spare
    }

    /// Empty, and with room for `count` bytes.
    func take(_ count: Int) -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        taken.clear(minimumCapacity: count)
        return taken
    }

    /// Whoever still holds some of its bytes keeps them: it is made anew then.
    func putBack(_ buffer: ByteBuffer) {
        if buffer.capacity <= Self.keptCapacity { self.buffer = buffer }
    }

    nonisolated(unsafe) private static let ofThread = ThreadSpecificVariable<PlaintextSpare>()
    // What it holds is each thread's own.
    private static let keptCapacity = 128 << 10
}
