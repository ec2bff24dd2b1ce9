internal import CRocksDB

extension Database {
    /// Takes over files of an `SSTWriter`, which must not overlap. Rows in them replace rows and merges that stand in the
    /// family already. With `movingFiles` the files become the database's own where it can link them.
    package func ingest(_ files: [String], into family: Family, movingFiles: Bool) throws(RocksDBError) {
        try core.use { database throws(RocksDBError) in
            try withCStrings(files) { maser_rocks_ingest(database, family.pointer, $0, $0.count, movingFiles) }.check()
        }
    }

    /// Writes the family's memtable to a file and waits for it; all families without one.
    package func flush(_ family: Family? = nil) throws(RocksDBError) {
        let flushed = family.map { [$0] } ?? families
        try core.use { database throws(RocksDBError) in
            for family in flushed { try maser_rocks_flush(database, family.pointer).check() }
        }
    }

    /// Compacts the whole family and waits for it.
    package func compact(_ family: Family) throws(RocksDBError) {
        try core.use { database throws(RocksDBError) in
            try maser_rocks_compact(database, family.pointer).check()
        }
    }

    /// What was written before it is on the disk afterwards.
    package func syncWAL() throws(RocksDBError) {
        try core.use { database throws(RocksDBError) in try maser_rocks_sync_wal(database).check() }
    }

    /// Takes writes again after a background error whose cause is gone, such as a full disk. What RocksDB holds to be
    /// beyond that needs closing and opening again, and the error says so.
    package func resume() throws(RocksDBError) {
        try core.use { database throws(RocksDBError) in try maser_rocks_resume(database).check() }
    }

    /// Such as `rocksdb.stats`; nil where RocksDB knows no such property.
    package func property(_ name: String, in family: Family) throws(RocksDBError) -> String? {
        try core.use { database throws(RocksDBError) in
            guard let text = maser_rocks_property(database, family.pointer, name) else { return nil }
            defer { maser_rocks_free(text) }
            return String(cString: text)
        }
    }

    /// Such as `rocksdb.estimate-num-keys`; nil where RocksDB knows no such number.
    package func integerProperty(_ name: String, in family: Family) throws(RocksDBError) -> UInt64? {
        try core.use { database throws(RocksDBError) in
            var value: UInt64 = 0
            return maser_rocks_integer_property(database, family.pointer, name, &value) ? value : nil
        }
    }
}
