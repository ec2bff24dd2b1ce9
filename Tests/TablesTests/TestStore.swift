import Catalog
import Foundation
import RocksDB
import Tables

/// A data folder with a catalog and a table store, which can be closed and opened again; gone when the test is over.
final class TestStore {
    let path: String
    private(set) var catalog: CatalogStore
    private(set) var tables: TableStore

    init(_ entries: TableEntry..., shardCount: Int = 8, switches: TestSwitches = TestSwitches()) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "maser-tables-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        catalog = try CatalogStore(directory: path + "/catalog", shardCount: shardCount)
        try catalog.update { for entry in entries { try $0.put(entry) } }
        tables = try TableStore(
            directory: path + "/tables", catalog: catalog, memoryBytes: 16 << 20, switches: switches)
    }

    deinit {
        try? close()
        try? FileManager.default.removeItem(atPath: path)
    }

    func close() throws {
        try tables.close()
        catalog.close()
    }

    /// As a restart does.
    func reopen() throws {
        try close()
        catalog = try CatalogStore(directory: path + "/catalog")
        tables = try TableStore(directory: path + "/tables", catalog: catalog, memoryBytes: 16 << 20)
    }

    /// As a restart finds it after a kill in the middle of everything: a copy of the files as they are now.
    func copyAsIfKilled() throws -> TestStore {
        let copy = FileManager.default.temporaryDirectory.appending(path: "maser-tables-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        return try TestStore(opening: copy)
    }

    private init(opening path: String) throws {
        self.path = path
        catalog = try CatalogStore(directory: path + "/catalog")
        tables = try TableStore(directory: path + "/tables", catalog: catalog, memoryBytes: 16 << 20)
    }

    /// Uses the store's database behind its back.
    func withDatabase<R>(_ body: (Database) throws -> R) throws -> R {
        try tables.close()
        let database = try Database.open(
            at: path + "/tables", options: DatabaseOptions(), familyOptions: { _ in FamilyOptions() })
        let result = try body(database)
        try database.close()
        tables = try TableStore(directory: path + "/tables", catalog: catalog, memoryBytes: 16 << 20)
        return result
    }
}

/// A generator that gives a failed test's numbers again.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
