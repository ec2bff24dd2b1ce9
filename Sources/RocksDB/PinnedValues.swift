internal import CRocksDB

/// What a batched read found, held where RocksDB has it; in the order of the keys that were asked for.
package struct PinnedValues: ~Copyable {
    private let pointer: OpaquePointer
    private let slices: UnsafeBufferPointer<maser_rocks_slice>

    init(_ pointer: OpaquePointer, _ slices: UnsafeBufferPointer<maser_rocks_slice>) {
        self.pointer = pointer
        self.slices = slices
    }

    deinit {
        maser_rocks_values_destroy(pointer)
    }

    package var count: Int { slices.count }

    /// nil where the key is absent. Not to be kept beyond the read.
    package subscript(index: Int) -> UnsafeRawBufferPointer? {
        slices[index].value
    }
}
