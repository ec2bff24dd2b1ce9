internal import CRocksDB

/// The working memory of batched reads, which grows to what the largest needed. Belongs to one thread at a time.
package final class BatchReader {
    let pointer: OpaquePointer

    package init() {
        pointer = maser_rocks_reader_create()
    }

    deinit {
        maser_rocks_reader_destroy(pointer)
    }
}

/// What a batched read found, held where RocksDB has it; in the order of the keys that were asked for.
package struct PinnedValues: ~Copyable {
    private let reader: BatchReader
    private let slices: UnsafeBufferPointer<maser_rocks_slice>
    /// That had to be read from files, for they were not in memory.
    package let fileBytes: Int

    init(_ reader: BatchReader, _ slices: UnsafeBufferPointer<maser_rocks_slice>, fileBytes: Int) {
        self.reader = reader
        self.slices = slices
        self.fileBytes = fileBytes
    }

    deinit {
        maser_rocks_reader_release(reader.pointer)
    }

    package var count: Int { slices.count }

    /// nil where the key is absent. Not to be kept beyond the read.
    package subscript(index: Int) -> UnsafeRawBufferPointer? {
        slices[index].value
    }
}
