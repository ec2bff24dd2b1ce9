internal import CRocksDB
internal import Synchronization

/// One RocksDB database: column families that share a log and a bound on memory.
///
/// Calls are synchronous and may come from any thread. Families, iterators and snapshots hold what they need; closing
/// waits for iterators, snapshots and calls that are under way, so a thread must end its own before it closes.
package final class Database: Sendable {
    package let path: String
    let core: DatabaseCore
    private let memory: DatabaseMemory
    private let opened: Mutex<[String: Family]>

    private init(path: String, core: DatabaseCore, memory: DatabaseMemory, families: [String: Family]) {
        self.path = path
        self.core = core
        self.memory = memory
        opened = Mutex(families)
    }

    deinit {
        // Whoever wants to know what closing said calls `close` before.
        try? close()
    }

    /// Opens every family there is, and makes `default` where there is none. `familyOptions` is asked once for each.
    package static func open(
        at path: String, options: DatabaseOptions, familyOptions: (String) -> FamilyOptions
    ) throws(RocksDBError) -> Database {
        var names = try familyNames(at: path)
        if names.isEmpty { names = ["default"] }
        let memory = DatabaseMemory(cacheBytes: options.blockCacheBytes, memtableBytes: options.writeBufferBytes)
        let options = (database: options, families: names.map(familyOptions))
        var pointer: OpaquePointer?
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        try withCStrings(names) { cNames in
            withNativeOptions(options.families) { cOptions in
                var native = options.database.native
                return maser_rocks_open(
                    path, &native, memory.pointer, cNames, cOptions, cNames.count, &pointer, &handles)
            }
        }.check()
        guard let pointer else { throw RocksDBError(.other, "RocksDB opened nothing at \(path)") }
        let core = DatabaseCore(pointer)
        var families: [String: Family] = [:]
        for (index, handle) in handles.enumerated() {
            guard let handle else { continue }
            families[names[index]] = Family(
                name: names[index], isFilledInOrder: options.families[index].isFilledInOrder, pointer: handle,
                core: core)
        }
        return Database(path: path, core: core, memory: memory, families: families)
    }

    /// The families of the database at `path`, which need not be open; none where there is no database.
    package static func familyNames(at path: String) throws(RocksDBError) -> [String] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count = 0
        try maser_rocks_list_families(path, &names, &count).check()
        defer { maser_rocks_free(names) }
        return UnsafeBufferPointer(start: names, count: count).compactMap { name in
            defer { maser_rocks_free(name) }
            return name.map { String(cString: $0) }
        }
    }

    // MARK: Families

    /// Those that are not dropped, by name.
    package var families: [Family] {
        opened.withLock { $0.values.sorted { $0.name < $1.name } }
    }

    package func family(named name: String) -> Family? {
        opened.withLock { $0[name] }
    }

    package func createFamily(_ name: String, options: FamilyOptions) throws(RocksDBError) -> Family {
        try core.use { database throws(RocksDBError) in
            var handle: OpaquePointer?
            try options.withNative { maser_rocks_create_family(database, name, $0, &handle) }.check()
            guard let handle else { throw RocksDBError(.other, "RocksDB made no family \(name)") }
            let family = Family(
                name: name, isFilledInOrder: options.isFilledInOrder, pointer: handle, core: core)
            opened.withLock { $0[name] = family }
            return family
        }
    }

    package func dropFamily(_ family: Family) throws(RocksDBError) {
        try core.use { database throws(RocksDBError) in
            try maser_rocks_drop_family(database, family.pointer).check()
        }
        opened.withLock { families in
            if families[family.name] === family { families[family.name] = nil }
        }
    }

    // MARK: Writing

    /// One record of the log, so it is there as a whole after a crash or not at all. Without `sync` it outlives a kill of
    /// the process, and a power loss takes it back together with everything written after it. Rows of a family that was dropped go with it.
    package func write(_ batch: borrowing WriteBatch, sync: Bool) throws(RocksDBError) {
        let database = try core.enter()
        defer { core.leave() }
        let status = maser_rocks_write(database, batch.pointer, sync)
        if status.code != MASER_ROCKS_OK { try status.check() }
    }

    // MARK: Closing

    /// Waits until nobody is inside, then syncs the log and lets the directory's lock go. Closing twice does nothing.
    package func close() throws(RocksDBError) {
        guard try core.close() else { return }
        opened.withLock { $0.removeAll() }
    }

    // MARK: Memory

    /// Bytes in the block cache, what the memtables are charged included.
    package var cachedBytes: Int { memory.cachedBytes }

    package var memtableBytes: Int { memory.memtableBytes }
}

/// The cache and the bound of the memtables that a database's families share.
private final class DatabaseMemory: @unchecked Sendable {
    // Sendable: the pointer never changes, and RocksDB's cache and buffer manager may be asked from any thread.
    let pointer: OpaquePointer

    init(cacheBytes: Int, memtableBytes: Int) {
        pointer = maser_rocks_memory_create(cacheBytes, memtableBytes)
    }

    deinit {
        maser_rocks_memory_destroy(pointer)
    }

    var cachedBytes: Int { maser_rocks_memory_cache_usage(pointer) }
    var memtableBytes: Int { maser_rocks_memory_memtable_usage(pointer) }
}

/// Lends the native options of several families at once.
private func withNativeOptions<R>(
    _ options: [FamilyOptions], _ lent: [maser_rocks_family_options] = [], _ body: ([maser_rocks_family_options]) -> R
) -> R {
    guard lent.count < options.count else { return body(lent) }
    return options[lent.count].withNative { withNativeOptions(options, lent + [$0.pointee], body) }
}
