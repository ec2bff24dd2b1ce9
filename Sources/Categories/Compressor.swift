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

    /// nil where it would not get smaller.
    func compress(
        _ bytes: [UInt8], _ compression: Compression
    ) -> (bytes: [UInt8], compression: LogBatchHeader.Compression)? {
        switch compression {
        case .none: nil
        case .zstd: compressed(bytes, zstd).map { ($0, .zstd) }
        case .lz4: compressed(bytes, lz4).map { ($0, .lz4) }
        }
    }

    /// `body` answers how many bytes it wrote, 0 where they do not fit.
    private func compressed(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<UInt8>) -> Int
    ) -> [UInt8]? {
        // One byte less than there are: what does not get smaller is not wanted.
        let compressed = [UInt8](unsafeUninitializedCapacity: max(0, bytes.count - 1)) { buffer, count in
            let room = UnsafeMutableBufferPointer(start: buffer.baseAddress, count: max(0, bytes.count - 1))
            count = bytes.withUnsafeBytes { body($0, room) }
        }
        return compressed.isEmpty ? nil : compressed
    }

    private func zstd(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let context else { return 0 }
        let result = ZSTD_compressCCtx(
            context, room.baseAddress, room.count, bytes.baseAddress, bytes.count, Self.level)
        return ZSTD_isError(result) == 0 ? result : 0
    }

    private func lz4(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let source = bytes.baseAddress, let target = room.baseAddress else { return 0 }
        return Int(
            LZ4_compress_default(
                source.assumingMemoryBound(to: CChar.self),
                UnsafeMutableRawPointer(target).assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count),
                Int32(clamping: room.count)))
    }

    /// nil where the input is not `count` compressed bytes.
    static func decompress(
        _ bytes: UnsafeRawBufferPointer, count: Int, _ compression: LogBatchHeader.Compression
    ) -> [UInt8]? {
        let decompressed = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            let room = UnsafeMutableBufferPointer(start: buffer.baseAddress, count: count)
            written =
                switch compression {
                case .none: 0
                case .zstd: unzstd(bytes, room)
                case .lz4: unlz4(bytes, room)
                }
        }
        return decompressed.count == count ? decompressed : nil
    }

    private static func unzstd(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let result = ZSTD_decompress(room.baseAddress, room.count, bytes.baseAddress, bytes.count)
        return ZSTD_isError(result) == 0 ? result : 0
    }

    private static func unlz4(_ bytes: UnsafeRawBufferPointer, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let source = bytes.baseAddress, let target = room.baseAddress else { return 0 }
        let result = LZ4_decompress_safe(
            source.assumingMemoryBound(to: CChar.self),
            UnsafeMutableRawPointer(target).assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count),
            Int32(clamping: room.count))
        return max(0, Int(result))
    }
}
