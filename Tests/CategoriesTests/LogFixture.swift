import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Synchronization
import Testing

/// A log in a directory of its own, with a clock that stands still unless it is moved.
final class LogFixture: Sendable {
    let directory: String
    let catalog: CatalogStore
    private let time = Atomic<Int64>(1_000)

    static let clicks = CategoryEntry(id: 1, name: "clicks", bucketCount: 4, sql: "")
    static let letters = CategoryEntry(
        id: 2, name: "letters", bucketCount: 1, retention: Retention(bytes: 4 << 20), sql: "")

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "maser-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        directory = url.path
        catalog = try CatalogStore(directory: directory + "/catalog")
        try catalog.update { catalog in
            try catalog.put(Self.clicks)
            try catalog.put(Self.letters)
        }
    }

    deinit {
        catalog.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    var logDirectory: String { directory + "/log" }

    func set(_ microseconds: Int64) {
        time.store(microseconds, ordering: .relaxed)
    }

    func open(
        _ path: String? = nil, waitingBytes: Int = CategoryStore.waitingBytes,
        neededPositions: @escaping NeededPositions = { _ in [:] }
    ) throws -> CategoryStore {
        try CategoryStore(
            directory: path ?? logDirectory, catalog: catalog, memoryBytes: 16 << 20, waitingBytes: waitingBytes,
            neededPositions: neededPositions,
            clock: { [self] in time.load(ordering: .relaxed) })
    }

    /// What a killed process would leave: the files as they stand.
    func copyOfTheFiles() throws -> String {
        let copy = directory + "/copy-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: logDirectory, toPath: copy)
        return copy
    }
}

func records(_ bucket: Int, _ values: some Sequence<String>) -> BucketRecords {
    BucketRecords(bucket: bucket, records: values.map { NewRecord(value: [UInt8]($0.utf8)) })
}

extension CategoryStore {
    @discardableResult
    func append(
        _ records: [BucketRecords], to category: CategoryEntry, producer: ProducerSequence? = nil
    ) throws -> [AppendedRange] {
        let answer = Mutex<Result<[AppendedRange], CategoriesError>?>(nil)
        let done = DispatchSemaphore(value: 0)
        append(records, to: category, producer: producer) { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return try #require(answer.withLock { $0 }).get()
    }

    func texts(
        _ bucket: Int, of category: CategoryEntry = LogFixture.clicks, from offset: Int64 = 0, records: Int = .max,
        bytes: Int = .max
    ) throws -> [String] {
        let read = try read(
            category: category.id, bucket: bucket, from: offset, maximumRecords: records, maximumBytes: bytes)
        #expect(read.offsets == Array(offset..<offset + Int64(read.count)))
        #expect(read.appendTimes.count == read.count && read.hasKey.count == read.count)
        #expect(read.keys.count == read.count && read.values.count == read.count)
        return (0..<read.count).map { String(decoding: read.values[$0], as: UTF8.self) }
    }
}
