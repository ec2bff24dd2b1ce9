internal import CXXHash

/// XXH3-64, seed 0, of bytes that come piece by piece, such as a file's.
package struct XXH3Stream: ~Copyable {
    private let handle: OpaquePointer

    package init() {
        handle = maser_xxh3_stream_create()
    }

    deinit {
        maser_xxh3_stream_destroy(handle)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        maser_xxh3_stream_update(handle, bytes.baseAddress, bytes.count)
    }

    /// The hash of what came so far.
    package var digest: UInt64 { maser_xxh3_stream_digest(handle) }
}
