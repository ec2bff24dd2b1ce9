internal import CInflate

/// Makes text of compressed bytes, a buffer after the other.
///
/// Its memory is bounded: the window of gzip is 32 KiB, and a zstd file that wants more than 128 MiB is refused.
final class InflatedStream {
    private static let inputBytes = 256 << 10

    private let path: String
    private let stream: OpaquePointer
    private let input: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isInputAtEnd = false

    init(_ compression: SourceCompression, path: String) throws(BulkLoadError) {
        let format =
            switch compression {
            case .gzip: MASER_INFLATE_GZIP
            case .zstd: MASER_INFLATE_ZSTD
            }
        guard let stream = maser_inflate_make(format) else {
            throw BulkLoadError(.storage, "there is no memory to decompress \(path)")
        }
        self.path = path
        self.stream = stream
        input = .allocate(byteCount: Self.inputBytes, alignment: 16)
    }

    deinit {
        maser_inflate_free(stream)
        input.deallocate()
    }

    /// Fills a part of `output`, or all; 0 where everything was. `read` fills a buffer with compressed bytes, 0 at their end.
    func read(
        into output: UnsafeMutableRawBufferPointer,
        from read: (UnsafeMutableRawBufferPointer) throws(BulkLoadError) -> Int
    ) throws(BulkLoadError) -> Int {
        while true {
            if start == end, !isInputAtEnd {
                start = 0
                end = try read(input)
                isInputAtEnd = end == 0
            }
            var taken = 0
            var made = 0
            let reason = maser_inflate_step(
                stream, input.baseAddress.map { ($0 + start).assumingMemoryBound(to: UInt8.self) }, end - start, &taken,
                output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count, &made)
            if let reason {
                throw BulkLoadError(
                    .malformedSource, "\(path) cannot be decompressed: \(String(cString: reason).lowercased())")
            }
            start += taken
            if made > 0 { return made }
            if isInputAtEnd, taken == 0 {
                if maser_inflate_may_end(stream) == 1 { return 0 }
                throw BulkLoadError(.malformedSource, "\(path) is cut short: its compressed data does not end")
            }
        }
    }
}
