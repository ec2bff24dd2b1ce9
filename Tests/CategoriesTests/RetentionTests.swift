import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Testing

@Suite struct RetentionTests {
    let fixture: LogFixture
    let letters = LogFixture.letters

    init() throws {
        fixture = try LogFixture()
    }

    /// Random, so that it takes on the disk what it takes in memory.
    private static let incompressible: [UInt8] = (0..<(256 << 10) / 8).flatMap { _ in
        withUnsafeBytes(of: UInt64.random(in: 0...UInt64.max)) { [UInt8]($0) }
    }

    private func fill(_ store: CategoryStore, megabytes: Int) throws {
        let records = BucketRecords(bucket: 0, records: [NewRecord(value: Self.incompressible)])
        for index in 0..<megabytes * 4 {
            fixture.set(1000 + Int64(index) * 10)
            try store.append([records], to: letters)
        }
    }

    private func count(_ store: CategoryStore, from offset: Int64) throws -> Int {
        try store.read(
            category: letters.id, bucket: 0, from: offset, maximumRecords: .max, maximumBytes: .max
        ).count
    }

    @Test func theOldestSpansGoAndOffsetsGoOn() throws {
        var store = try fixture.open()
        try fill(store, megabytes: 10)
        let kept = try #require(letters.retention?.bytes)
        let start = store.start(category: letters.id, bucket: 0)
        #expect(start > 0)
        #expect(store.end(category: letters.id, bucket: 0) == 40)
        #expect(store.byteCount(category: letters.id) >= Int(kept))
        #expect(store.byteCount(category: letters.id) < Int(kept) + (3 << 20))
        let error = #expect(throws: CategoriesError.self) { try store.texts(0, of: letters, from: start - 1) }
        #expect(error?.code == .outOfRange)
        #expect(try count(store, from: start) == Int(40 - start))
        let midway = 1000 + (start + 10) * 10 - 5
        #expect(try store.offset(category: letters.id, bucket: 0, atOrAfter: midway) == start + 10)
        #expect(try store.offset(category: letters.id, bucket: 0, atOrAfter: 0) == start)
        store.close()

        #expect(try Database.familyNames(at: fixture.logDirectory).count <= 8)
        store = try fixture.open()
        #expect(store.start(category: letters.id, bucket: 0) == start)
        #expect(store.end(category: letters.id, bucket: 0) == 40)
        #expect(try count(store, from: start) == Int(40 - start))
        store.close()
    }

    @Test func aBucketOfWhichNothingIsKeptStillEndsWhereItDid() throws {
        let both = CategoryEntry(
            id: 3, name: "both", bucketCount: 2, retention: Retention(bytes: 1 << 20), sql: "")
        try fixture.catalog.update { try $0.put(both) }
        var store = try fixture.open()
        try store.append([records(1, ["early"])], to: both)
        for _ in 0..<14 {
            try store.append([BucketRecords(bucket: 0, records: [NewRecord(value: Self.incompressible)])], to: both)
        }
        for _ in 0..<2 {
            #expect(store.start(category: both.id, bucket: 1) == 1)
            #expect(store.end(category: both.id, bucket: 1) == 1)
            #expect(try store.texts(1, of: both, from: 1) == [])
            store.close()
            store = try fixture.open()
        }
        #expect(try store.append([records(1, ["late"])], to: both).map(\.start) == [1])
        #expect(try store.texts(1, of: both, from: 1) == ["late"])
        store.close()
    }
}
