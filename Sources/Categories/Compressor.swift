internal import CCompression
internal import Catalog

/// Compresses record batches with one reused context; belongs to one thread at a time.
final class Compressor {
    /// Of Zstandard. Negative ones were measured to be no faster than LZ4, nor smaller.
    private static let level: Int32 = 1

    private let context: OpaquePointer?

    init() {
        context = ZSTD_createCCtx()
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Compresses into the start of `room`; answers how many bytes it wrote, and by what. nil where it would not get smaller.
    func compress(
        _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer, _ compression: Compression
    ) -> (count: Int, compression: LogBatchHeader.Compression)? {
        // One byte less than there are: what does not get smaller is not wanted.
        let room = UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, max(0, bytes.count - 1))])
        let (count, stored): (Int, LogBatchHeader.Compression) =
            switch compression {
            case .none: (0, .none)
            case .zstd: (zstd(bytes, room), .zstd)
            case .lz4: (lz4(bytes, room), .lz4)
            }
        return count > 0 ? (count, stored) : nil
    }

    /// How many bytes it wrote, 0 where they do not fit; so does LZ4.
    private func zstd(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let context else { return 0 }
        let result = ZSTD_compressCCtx(
            context, room.baseAddress, room.count, bytes.baseAddress, bytes.count, Self.level)
        return ZSTD_isError(result) == 0 ? result : 0
    }

    private func lz4(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let source = bytes.baseAddress, let target = room.baseAddress else { return 0 }
        return Int(
            LZ4_compress_default(
                source.assumingMemoryBound(to: CChar.self), target.assumingMemoryBound(to: CChar.self),
                Int32(clamping: bytes.count), Int32(clamping: room.count)))
    }

    /// false where the input is not as many compressed bytes as there is room for.
    static func decompress(
        _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer,
        _ compression: LogBatchHeader.Compression
    ) -> Bool {
        switch compression {
        case .none: false
        case .zstd: unzstd(bytes, room) == room.count
        case .lz4: unlz4(bytes, room) == room.count
        }
    }

    private static func unzstd(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer) -> Int {
        let result = ZSTD_decompress(room.baseAddress, room.count, bytes.baseAddress, bytes.count)
        return ZSTD_isError(result) == 0 ? result : 0
    }

    private static func unlz4(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let source = bytes.baseAddress, let target = room.baseAddress else { return 0 }
        let result = LZ4_decompress_safe(
            source.assumingMemoryBound(to: CChar.self),
            target.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count),
            Int32(clamping: room.count))
        return max(0, Int(result))
    }
}
