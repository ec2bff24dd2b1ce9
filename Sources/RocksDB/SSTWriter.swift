internal import CRocksDB

/// Writes one file of sorted rows outside a database, for `Database.ingest`.
package final class SSTWriter {
    package let path: String
    private let pointer: OpaquePointer

    /// `options` are those of the family that the file is meant for.
    package init(path: String, options: FamilyOptions) throws(RocksDBError) {
        self.path = path
        var writer: OpaquePointer?
        try options.withNative { maser_rocks_sst_writer_open(path, $0, &writer) }.check()
        guard let writer else { throw RocksDBError(.other, "RocksDB opened no file at \(path)") }
        pointer = writer
    }

    deinit {
        maser_rocks_sst_writer_destroy(pointer)
    }

    /// Keys must come in ascending byte order, each once.
    package func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(RocksDBError) {
        let status = maser_rocks_sst_writer_put(pointer, maser_rocks_slice(key), maser_rocks_slice(value))
        if status.code != MASER_ROCKS_OK { try status.check() }
    }

    package func put(_ key: [UInt8], _ value: [UInt8]) throws(RocksDBError) {
        try key.withUnsafeBytes { key in
            value.withUnsafeBytes { maser_rocks_sst_writer_put(pointer, maser_rocks_slice(key), maser_rocks_slice($0)) }
        }.check()
    }

    /// Completes and syncs the file. Without a row there is nothing to complete, and it throws.
    package func finish() throws(RocksDBError) -> (entries: Int, bytes: Int) {
        var entries: UInt64 = 0
        var bytes: UInt64 = 0
        try maser_rocks_sst_writer_finish(pointer, &entries, &bytes).check()
        return (Int(entries), Int(bytes))
    }
}
