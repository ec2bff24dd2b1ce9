import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Testing

@Suite struct CorruptionTests {
    let fixture: LogFixture
    let clicks = LogFixture.clicks

    init() throws {
        fixture = try LogFixture()
    }

    /// The stored batches of a category's first span, behind the log's back.
    private func withSpan(
        of category: CategoryEntry, _ body: (Database, Family) throws -> Void
    ) throws {
        let database = try Database.open(at: fixture.logDirectory, options: DatabaseOptions()) { _ in
            FamilyOptions(isCompacted: false)
        }
        try body(database, try #require(database.family(named: "c\(category.id).s1")))
        try database.close()
    }

    private func key(bucket: UInt8, offset: UInt8) -> [UInt8] { [1, 0, 0, 0, bucket, 0, 0, 0, 0, 0, 0, 0, offset] }

    /// Changes one bit of a batch: its last, or the byte at `place`.
    private func damage(bucket: UInt8, offset: UInt8, place: Int? = nil) throws {
        try withSpan(of: clicks) { database, family in
            let key = key(bucket: bucket, offset: offset)
            var value = try #require(try database.value(forKey: key, in: family))
            value[place ?? value.count - 1] ^= 1
            var batch = WriteBatch()
            batch.put(key, value, in: family)
            try database.write(batch, sync: true)
        }
    }

    private func fill() throws {
        let store = try fixture.open()
        // Batches at 0, 1, 3 and 4.
        for values in [["a"], ["b", "c"], ["d"], ["e"]] { try store.append([records(3, values)], to: clicks) }
        store.close()
    }

    private func skipping(_ store: CategoryStore, from offset: Int64) throws -> LogRecords {
        try store.read(
            category: clicks.id, bucket: 3, from: offset, maximumRecords: .max, maximumBytes: .max,
            skippingCorruption: true)
    }

    private func texts(_ records: LogRecords) -> [String] {
        (0..<records.count).map { String(decoding: records.values[$0], as: UTF8.self) }
    }

    @Test(arguments: [nil, 0, 5, 12, 20, 28, 40])
    func aBatchThatWasChangedIsNamedWithItsOffsets(place: Int?) throws {
        try fill()
        try damage(bucket: 3, offset: 1, place: place)
        let store = try fixture.open()
        // What comes before it is read first.
        #expect(try store.texts(3) == ["a"])
        let error = #expect(throws: CategoriesError.self) { try store.texts(3, from: 1) }
        #expect(error?.code == .corruption)
        #expect(error?.isRetriable == false)
        #expect(error?.offsets == 1..<3)
        #expect(
            error?.message.hasPrefix(
                "category clicks bucket 3: the records from offset 1 up to 3 cannot be read: the record batch ") == true
        )
        let inside = #expect(throws: CategoriesError.self) { try store.texts(3, from: 2) }
        #expect(inside?.offsets == 2..<3)
        #expect(try store.texts(3, from: 3) == ["d", "e"])
        store.close()
    }

    @Test func skippingGoesOnAfterItAndSaysWhatWasSkipped() throws {
        try fill()
        try damage(bucket: 3, offset: 1)
        var store = try fixture.open()
        var read = try skipping(store, from: 0)
        #expect(texts(read) == ["a", "d", "e"])
        #expect(read.offsets == [0, 3, 4])
        #expect(read.skipped == [1..<3])
        #expect(read.nextOffset == 5)
        read = try skipping(store, from: 3)
        #expect(read.skipped.isEmpty)
        store.close()
        try damage(bucket: 3, offset: 3)
        store = try fixture.open()
        read = try skipping(store, from: 2)
        #expect(texts(read) == ["e"])
        #expect(read.skipped == [2..<4])
        store.close()
    }

    @Test func aBatchThatIsGoneIsNamedToo() throws {
        try fill()
        try withSpan(of: clicks) { database, family in
            var batch = WriteBatch()
            batch.delete(key(bucket: 3, offset: 1), in: family)
            try database.write(batch, sync: true)
        }
        let store = try fixture.open()
        let error = #expect(throws: CategoriesError.self) { try store.texts(3, from: 1) }
        #expect(error?.offsets == 1..<3)
        #expect(error?.message.contains("the record batch is missing") == true)
        #expect(texts(try skipping(store, from: 0)) == ["a", "d", "e"])
        store.close()
    }

    /// RocksDB's own checksums speak first where a file was changed.
    @Test func aDamagedFileHidesNoMoreThanItMust() throws {
        let store = try fixture.open()
        // Large enough for file blocks of their own; random, so that the file has what was written.
        let values = (0..<20).map { _ in (0..<40_000).map { _ in UInt8.random(in: 0...255) } }
        for value in values {
            try store.append([BucketRecords(bucket: 3, records: [NewRecord(value: value)])], to: clicks)
        }
        store.close()
        try withSpan(of: clicks) { database, family in try database.flush(family) }
        var isDamaged = false
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.logDirectory)
        where name.hasSuffix(".sst") {
            let path = fixture.logDirectory + "/" + name
            var bytes = try Data(contentsOf: URL(filePath: path))
            guard let place = bytes.range(of: Data(values[7].prefix(64))) else { continue }
            bytes[place.lowerBound + 1000] ^= 1
            try bytes.write(to: URL(filePath: path))
            isDamaged = true
        }
        try #require(isDamaged)
        let damaged = try fixture.open()
        let error = #expect(throws: CategoriesError.self) {
            try damaged.read(category: clicks.id, bucket: 3, from: 7, maximumRecords: 1, maximumBytes: .max)
        }
        #expect(error?.code == .corruption)
        #expect(error?.offsets == 7..<8)
        let read = try skipping(damaged, from: 0)
        #expect(read.skipped == [7..<8])
        #expect(read.offsets == Array(0..<7) + Array(8..<20))
        #expect((0..<read.count).allSatisfy { Array(read.values[$0]) == values[Int(read.offsets[$0])] })
        damaged.close()
    }

    /// Nobody can tell how many records it had, so offsets go on where they cannot have been given before.
    @Test func aLastBatchThatWasChangedIsNamedAndTheBucketGoesOnBehindIt() throws {
        var store = try fixture.open()
        for values in [["a"], ["b", "c"]] { try store.append([records(3, values)], to: clicks) }
        store.close()
        try damage(bucket: 3, offset: 1)
        store = try fixture.open()
        #expect(try store.texts(3) == ["a"])
        let error = #expect(throws: CategoriesError.self) { try store.texts(3, from: 1) }
        #expect(error?.offsets?.lowerBound == 1)
        let first = try #require(try store.append([records(3, ["d"])], to: clicks).first?.start)
        #expect(first > 3)
        for _ in 0..<2 {
            #expect(try store.texts(3, from: first) == ["d"])
            let read = try skipping(store, from: 0)
            #expect(texts(read) == ["a", "d"])
            #expect(read.skipped == [1..<first])
            store.close()
            store = try fixture.open()
        }
        store.close()
    }
}
