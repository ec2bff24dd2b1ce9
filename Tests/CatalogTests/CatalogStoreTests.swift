import Catalog
import Foundation
import RocksDB
import Testing

@Suite struct CatalogStoreTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func whatWasChangedIsThereAfterReopening() throws {
        let store = try CatalogStore(directory: folder.path, shardCount: 16)
        try store.update { catalog in
            try catalog.put(Sample.category(id: catalog.nextCategoryID, name: "flights"))
            try catalog.put(Sample.table(id: catalog.nextTableID, name: "delays"))
            try catalog.put(Sample.table(id: catalog.nextTableID, name: "gone"))
            try catalog.put(Sample.app(id: catalog.nextAppID, name: "app"))
        }
        try store.update { $0.removeTable(id: 2) }
        store.close()
        let reopened = try CatalogStore(directory: folder.path, shardCount: 64)
        let snapshot = reopened.snapshot
        #expect(snapshot.category(named: "flights") == Sample.category(id: 1, name: "flights"))
        #expect(snapshot.table(named: "delays") == Sample.table(id: 1, name: "delays"))
        #expect(snapshot.table(named: "gone") == nil)
        #expect(snapshot.app(named: "app") == Sample.app(id: 1, name: "app"))
        #expect(snapshot.nextTableID == 3)
        #expect(snapshot.shardCount == 16)
    }

    @Test func aSnapshotNeverChanges() throws {
        let store = try CatalogStore(directory: folder.path)
        let before = store.snapshot
        try store.update { try $0.put(Sample.table(id: 1, name: "t")) }
        #expect(before.tables.isEmpty)
        #expect(store.snapshot.tables.count == 1)
    }

    @Test func aBodyThatThrowsChangesNothing() throws {
        struct Refused: Error {}
        let store = try CatalogStore(directory: folder.path)
        #expect(throws: Refused.self) {
            try store.update { catalog in
                try catalog.put(Sample.table(id: 1, name: "t"))
                throw Refused()
            }
        }
        #expect(store.snapshot.tables.isEmpty)
        store.close()
        #expect(try CatalogStore(directory: folder.path).snapshot.tables.isEmpty)
    }

    @Test func aFailedWritePublishesNothingAndTheNextOneMayGoWell() throws {
        let store = try CatalogStore(directory: folder.path)
        store.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        let error = #expect(throws: CatalogError.self) {
            try store.update { try $0.put(Sample.table(id: 1, name: "t")) }
        }
        #expect(error?.code == .diskFull)
        #expect(error?.description.contains("No space left on device") == true)
        #expect(store.snapshot.tables.isEmpty)
        try store.update { try $0.put(Sample.table(id: 1, name: "t")) }
        #expect(store.snapshot.tables.count == 1)
    }

    @Test func aWriteThatIsOnTheDiskAfterItFailedHasHappened() throws {
        let store = try CatalogStore(directory: folder.path)
        store.failNextWrite(with: RocksDBError(.ioError, "cannot sync"), afterWriting: true)
        let id = try store.update { catalog in
            try catalog.put(Sample.table(id: catalog.nextTableID, name: "t"))
            return catalog.nextTableID - 1
        }
        #expect(store.snapshot.table(id: id)?.name == "t")
        try store.update { try $0.put(Sample.table(id: $0.nextTableID, name: "u")) }
        #expect(Set(store.snapshot.tables.values.map(\.name)) == ["t", "u"])
        store.close()
        #expect(try CatalogStore(directory: folder.path).snapshot.tables.count == 2)
    }

    @Test func aWriteWhoseFateCannotBeReadBackIsUndecidedUntilItCan() throws {
        let store = try CatalogStore(directory: folder.path)
        store.failNextWrite(with: RocksDBError(.ioError, "cannot sync"), afterWriting: true)
        // The catalog cannot be opened while its files are elsewhere.
        let elsewhere = folder.path + "-elsewhere"
        let error = #expect(throws: CatalogError.self) {
            try store.update { catalog in
                try catalog.put(Sample.table(id: 1, name: "t"))
                try FileManager.default.moveItem(atPath: folder.path, toPath: elsewhere)
                try Data().write(to: URL(filePath: folder.path))
            }
        }
        #expect(error?.code == .undecided)
        #expect(store.snapshot.tables.isEmpty)
        #expect(throws: CatalogError.self) { try store.settled() }
        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.moveItem(atPath: elsewhere, toPath: folder.path)
        #expect(try store.settled().tables.count == 1)
        #expect(store.snapshot.tables.count == 1)
        store.close()
    }

    @Test func concurrentUpdatesAllHappen() async throws {
        let store = try CatalogStore(directory: folder.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<20 {
                group.addTask {
                    try store.update { try $0.put(Sample.table(id: $0.nextTableID, name: "t\(index)")) }
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(store.snapshot.tables.keys) == Set(1...20))
    }

    @Test func aFolderThatIsOpenIsRefused() throws {
        let store = try CatalogStore(directory: folder.path)
        let error = #expect(throws: CatalogError.self) { try CatalogStore(directory: folder.path) }
        #expect(error?.code == .inUse)
        store.close()
        let closed = #expect(throws: CatalogError.self) { try store.update { _ in } }
        #expect(closed?.code == .unavailable)
    }

    @Test func aFolderOfANewerMaserIsRefusedInOneLine() throws {
        try CatalogStore(directory: folder.path).close()
        let database = try Database.open(
            at: folder.path, options: DatabaseOptions(), familyOptions: { _ in FamilyOptions() })
        let family = try #require(database.family(named: "default"))
        var batch = WriteBatch()
        batch.put(Array("format".utf8), Array("2".utf8), in: family)
        try database.write(batch, sync: true)
        try database.close()
        let error = #expect(throws: CatalogError.self) { try CatalogStore(directory: folder.path) }
        #expect(error?.code == .newerFormat)
        #expect(error?.description.contains("newer Maser") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func entriesAreReadableTextWithSortedKeys() throws {
        let store = try CatalogStore(directory: folder.path)
        try store.update { try $0.put(CategoryEntry(id: 1, name: "c", bucketCount: 2, sql: "a/b")) }
        store.close()
        let database = try Database.open(
            at: folder.path, options: DatabaseOptions(), familyOptions: { _ in FamilyOptions() })
        let family = try #require(database.family(named: "default"))
        let stored = try #require(try database.value(forKey: Array("category/1".utf8), in: family))
        #expect(
            String(decoding: stored, as: UTF8.self)
                == #"{"acknowledgement":"fsync","bucketCount":2,"compression":"lz4","hasGainedBuckets":false,"id":1,"name":"c","sql":"a/b"}"#
        )
        try database.close()
    }

    @Test func onlyPowersOfTwoAreShardCounts() {
        let error = #expect(throws: CatalogError.self) { try CatalogStore(directory: folder.path, shardCount: 48) }
        #expect(error?.code == .invalidArgument)
    }
}
