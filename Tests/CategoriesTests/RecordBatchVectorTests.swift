import Categories
import Foundation
import Records
import RocksDB
import Testing

@Suite("Record batches as Protocols/vectors has them") struct RecordBatchVectorTests {
    struct Vectors: Decodable {
        var batches: [Batch]
    }

    struct Batch: Decodable, CustomTestStringConvertible {
        var note: String
        var compressed: Bool
        var appendTime: Int64
        var records: [Record]
        var encoded: String

        var testDescription: String { note }
        var newRecords: [NewRecord] {
            records.map { record in
                NewRecord(
                    key: record.key.map(unhex), value: unhex(record.value),
                    headers: record.headers.map { RecordHeader(name: $0.name, value: unhex($0.value)) })
            }
        }
    }

    struct Record: Decodable {
        var key: String?
        var value: String
        var headers: [Header]
    }

    struct Header: Decodable {
        var name: String
        var value: String
    }

    static let batches: [Batch] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Protocols/vectors/record-batches.json")
        return (try? JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).batches) ?? []
    }()

    static let key: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    /// The stored batch, behind the log's back.
    private func withBatch<R>(_ body: (Database, Family) throws -> R) throws -> R {
        let database = try Database.open(at: fixture.logDirectory, options: DatabaseOptions()) { _ in
            FamilyOptions(isCompacted: false)
        }
        let result = try body(database, try #require(database.family(named: "c1.s1")))
        try database.close()
        return result
    }

    @Test func thereAreVectors() {
        #expect(Self.batches.count >= 4)
    }

    @Test(arguments: batches.filter { !$0.compressed })
    func areWritten(_ vector: Batch) throws {
        fixture.set(vector.appendTime)
        let store = try fixture.open()
        try store.append([BucketRecords(bucket: 0, records: vector.newRecords)], to: LogFixture.clicks)
        store.close()
        let stored = try withBatch { try $0.value(forKey: Self.key, in: $1) }
        #expect(stored == unhex(vector.encoded))
    }

    @Test(arguments: batches)
    func areRead(_ vector: Batch) throws {
        var store = try fixture.open()
        try store.append([records(0, ["something else"])], to: LogFixture.clicks)
        store.close()
        try withBatch { database, family in
            var batch = WriteBatch()
            batch.put(Self.key, unhex(vector.encoded), in: family)
            try database.write(batch, sync: true)
        }
        store = try fixture.open()
        #expect(store.end(category: 1, bucket: 0) == Int64(vector.records.count))
        let read = try store.read(
            category: 1, bucket: 0, from: 0, maximumRecords: .max, maximumBytes: .max)
        let records = (0..<read.count).map { index in
            NewRecord(
                key: read.hasKey[index] ? Array(read.keys[index]) : nil, value: Array(read.values[index]),
                headers: read.headers(of: index))
        }
        #expect(records == vector.newRecords)
        #expect(read.appendTimes == records.map { _ in vector.appendTime })
        store.close()
    }
}

private func unhex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8).map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
