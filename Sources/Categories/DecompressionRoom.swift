/// Where one record batch after the other is decompressed, to be copied from there: the memory of one is warm for the next.
final class DecompressionRoom {
    private var room = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit {
        room.deallocate()
    }

    /// What the last call gave is gone.
    func bytes(count: Int) -> UnsafeMutableRawBufferPointer {
        if room.count < count {
            room.deallocate()
            room = .allocate(byteCount: count, alignment: 16)
        }
        return UnsafeMutableRawBufferPointer(rebasing: room[..<count])
    }
}
