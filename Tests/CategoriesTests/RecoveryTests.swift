import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Testing

@Suite struct RecoveryTests {
    let fixture: LogFixture
    let clicks = LogFixture.clicks

    init() throws {
        fixture = try LogFixture()
    }

    @Test func offsetsAndTimesGoOnAfterARestart() throws {
        fixture.set(5000)
        var store = try fixture.open()
        try store.append([records(0, ["a", "b"]), records(2, ["c"])], to: clicks)
        store.close()
        fixture.set(4000)
        store = try fixture.open()
        #expect(store.end(category: clicks.id, bucket: 0) == 2)
        #expect(store.end(category: clicks.id, bucket: 1) == 0)
        let range = try #require(try store.append([records(0, ["d"])], to: clicks).first)
        #expect(range.start == 2)
        #expect(range.appendTime == 5000)
        #expect(try store.texts(0) == ["a", "b", "d"])
        #expect(try store.texts(2) == ["c"])
        store.close()
    }

    @Test func everythingAcknowledgedOutlivesAKill() throws {
        let store = try fixture.open()
        for i in 0..<30 {
            try store.append([records(i % 4, ["\(i)"])], to: clicks)
            guard i % 10 == 9 else { continue }
            let killed = try fixture.open(try fixture.copyOfTheFiles())
            #expect((0..<4).map { killed.end(category: clicks.id, bucket: $0) }.reduce(0, +) == Int64(i + 1))
            #expect(try killed.texts(i % 4).last == "\(i)")
            killed.close()
        }
    }

    @Test func aTornTailIsCutOff() throws {
        let store = try fixture.open()
        try store.append([records(0, ["a", "b"])], to: clicks)
        let copy = try fixture.copyOfTheFiles()
        let names = try FileManager.default.contentsOfDirectory(atPath: copy).filter { $0.hasSuffix(".log") }
        let newest = try #require(names.max())
        let file = try #require(FileHandle(forWritingAtPath: copy + "/" + newest))
        try file.seekToEnd()
        try file.write(contentsOf: Data((0..<500).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
        try file.close()
        let recovered = try fixture.open(copy)
        #expect(try recovered.texts(0) == ["a", "b"])
        try recovered.append([records(0, ["c"])], to: clicks)
        #expect(try recovered.texts(0) == ["a", "b", "c"])
        recovered.close()
    }

    @Test(arguments: [false, true])
    func aWriteThatFailedIsAsIfItNeverWas(afterWriting: Bool) throws {
        let store = try fixture.open()
        try store.append([records(0, ["a"])], to: clicks)
        store.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"), afterWriting: afterWriting)
        let error = #expect(throws: CategoriesError.self) {
            try store.append([records(0, ["lost"]), records(1, ["lost"])], to: clicks)
        }
        #expect(error?.code == .diskFull)
        #expect(error?.message.contains("No space left on device") == true)
        #expect(error?.isRetriable == true)
        #expect(try store.texts(0) == ["a"])
        let ranges = try store.append([records(0, ["b"]), records(1, ["c"])], to: clicks)
        #expect(ranges.map(\.start) == [1, 0])
        #expect(try store.texts(0) == ["a", "b"])
        #expect(try store.texts(1) == ["c"])
        store.close()
        let reopened = try fixture.open()
        #expect(try reopened.texts(0) == ["a", "b"])
        #expect(try reopened.texts(1) == ["c"])
        reopened.close()
    }

    @Test func aWriteThatFailedIsTakenBackWhenTheLogIsClosed() throws {
        let store = try fixture.open()
        try store.append([records(0, ["a"])], to: clicks)
        store.failNextWrite(with: RocksDBError(.ioError, "cannot sync"), afterWriting: true)
        #expect(throws: CategoriesError.self) { try store.append([records(0, ["lost"])], to: clicks) }
        store.close()
        let reopened = try fixture.open()
        #expect(try reopened.texts(0) == ["a"])
        reopened.close()
    }

    @Test func theFirstWriteOfACategoryMayFail() throws {
        let store = try fixture.open()
        store.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"), afterWriting: true)
        #expect(throws: CategoriesError.self) { try store.append([records(0, ["lost"])], to: clicks) }
        #expect(try store.append([records(0, ["a"])], to: clicks).map(\.start) == [0])
        #expect(try store.texts(0) == ["a"])
        store.close()
    }

    @Test func aSecondStoreOnTheSameDirectoryIsRefused() throws {
        let store = try fixture.open()
        let error = #expect(throws: CategoriesError.self) { try fixture.open() }
        #expect(error?.code == .inUse)
        store.close()
    }

    @Test func whatTheCatalogDoesNotNameGoes() throws {
        var store = try fixture.open()
        let stray = CategoryEntry(id: 9, name: "stray", bucketCount: 1, sql: "")
        store.createCategory(stray)
        #expect(try store.texts(0, of: stray) == [])
        try store.append([records(0, ["a"])], to: stray)
        #expect(try store.texts(0, of: stray) == ["a"])
        store.close()
        store = try fixture.open()
        #expect(throws: CategoriesError.self) { try store.texts(0, of: stray) }
        store.close()
        #expect(try Database.familyNames(at: fixture.logDirectory) == ["default", "producers"])
    }

    @Test func aDeletedCategoryTakesNothingMore() throws {
        let store = try fixture.open()
        try store.append([records(0, ["a"])], to: clicks)
        try store.deleteCategory(id: clicks.id)
        let reading = #expect(throws: CategoriesError.self) { try store.texts(0) }
        #expect(reading?.code == .notFound)
        let appending = #expect(throws: CategoriesError.self) { try store.append([records(0, ["b"])], to: clicks) }
        #expect(appending?.code == .notFound)
        store.close()
    }
}
