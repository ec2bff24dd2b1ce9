internal import CCompression

/// Zstandard with one reused context; belongs to one thread at a time.
final class Compressor {
    private static let level: Int32 = 1

    private let context: OpaquePointer?

    init() {
        context = ZSTD_createCCtx()
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// nil where it would not get smaller.
    func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard let context else { return nil }
        let capacity = bytes.count
        let compressed = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let result = bytes.withUnsafeBytes {
                ZSTD_compressCCtx(context, buffer.baseAddress, capacity, $0.baseAddress, $0.count, Self.level)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        return compressed.isEmpty || compressed.count >= bytes.count ? nil : compressed
    }

    /// nil where the input is not `count` compressed bytes.
    static func decompress(_ bytes: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
        let decompressed = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            let result = ZSTD_decompress(buffer.baseAddress, count, bytes.baseAddress, bytes.count)
            written = ZSTD_isError(result) == 0 ? result : 0
        }
        return decompressed.count == count ? decompressed : nil
    }
}
