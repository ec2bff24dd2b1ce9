import Bytes
import Catalog
import Categories
import Foundation
import Records
import Tables

@testable import Processors

/// A data folder of `EventsApp`, gone when the test is over.
final class Stores {
    let directory: String
    let app: AppEntry
    private(set) var catalog: CatalogStore
    private(set) var categories: CategoryStore
    private(set) var tables: TableStore
    /// What was appended, as the log has it.
    private(set) var appended: [(event: Event, bucket: Int, offset: Int64)] = []
    private let bucketCount: Int
    private var ends: [Int64]

    init(bucketCount: Int = 2, app: AppEntry = EventsApp.app()) throws {
        directory = NSTemporaryDirectory() + "maser-processors-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.app = app
        self.bucketCount = bucketCount
        ends = [Int64](repeating: 0, count: bucketCount)
        (catalog, categories, tables) = try Self.open(directory)
        try catalog.update { snapshot in
            try snapshot.put(EventsApp.category(bucketCount: bucketCount))
            try snapshot.put(EventsApp.deadLetters)
            for table in EventsApp.tables { try snapshot.put(table) }
            try snapshot.put(app)
        }
        for table in EventsApp.tables { try tables.createVersion(table: table.id, version: 1) }
    }

    deinit {
        try? close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func open(_ directory: String) throws -> (CatalogStore, CategoryStore, TableStore) {
        let catalog = try CatalogStore(directory: directory + "/catalog", shardCount: 4)
        return (
            catalog, try CategoryStore(directory: directory + "/log", catalog: catalog, memoryBytes: 16 << 20),
            try TableStore(directory: directory + "/tables", catalog: catalog, memoryBytes: 16 << 20)
        )
    }

    private func close() throws {
        try tables.close()
        categories.close()
        catalog.close()
    }

    /// As a new process would find it.
    func reopen() throws {
        try close()
        (catalog, categories, tables) = try Self.open(directory)
    }

    // MARK: Records

    /// Every record of a user goes to the same bucket.
    func append(_ events: [Event]) throws {
        for bucket in 0..<bucketCount {
            let mine = events.filter { self.bucket(of: $0) == bucket }
            for event in mine {
                appended.append((event, bucket, ends[bucket]))
                ends[bucket] += 1
            }
            try append(mine.map(\.json), bucket: bucket, counts: false)
        }
    }

    /// Values that need not be events.
    func append(_ values: [[UInt8]], bucket: Int, counts: Bool = true) throws {
        if counts { ends[bucket] += Int64(values.count) }
        try categories.appendAndWait(values, bucket: bucket, to: EventsApp.category(bucketCount: bucketCount))
    }

    private func bucket(of event: Event) -> Int {
        var user = event.user
        return user.withUTF8 { Bytes.bucket(ofRecordKey: UnsafeRawBufferPointer($0), buckets: bucketCount) }
    }

    // MARK: Processing

    func processor(batchRecordCount: Int = BucketReader.batchRecordCount) throws -> AppProcessor {
        let processor = try AppProcessor(
            app, catalog: catalog.snapshot, categories: categories, tables: tables, clock: .system,
            batchRecordCount: batchRecordCount)
        try processor.load()
        return processor
    }

    /// Applies everything there is, and writes it.
    func process() throws {
        let processor = try processor()
        while try processor.step() {}
        try processor.checkpoint()
    }

    func runner(clock: ProcessorClock = .system) -> AppRunner {
        AppRunner(app: app, catalog: catalog.snapshot, categories: categories, tables: tables, clock: clock)
    }

    // MARK: Results

    /// Keys and messages of a table as it is served.
    func scan(_ table: TableEntry) throws -> [[UInt8]: [UInt8]] {
        var rows: [[UInt8]: [UInt8]] = [:]
        var range = ScanRange()
        repeat {
            let page = try tables.scan(table, range)
            for index in 0..<page.keys.count { rows[[UInt8](page.keys[index])] = page.rows[index].map { [UInt8]($0) } }
            range.continuation = page.continuation
        } while !range.continuation.isEmpty
        return rows
    }

    func scanAll() throws -> [[[UInt8]: [UInt8]]] {
        try EventsApp.tables.map { try scan($0) }
    }

    func rows(_ table: TableEntry) throws -> Reference.Rows {
        let layout = RowLayout(columns: table.columns.map { (number: $0.number, name: $0.name, type: $0.type) })
        var rows: Reference.Rows = [:]
        for (key, message) in try scan(table) {
            let key = try key.withUnsafeBytes { try decodeKey($0, types: table.keyColumns.map(\.type)) }
            rows[key] = try message.withUnsafeBytes { try layout.decode($0) }
        }
        return rows
    }

    /// Rows that are not what plain dictionaries make of everything appended; a line for each of the first few.
    func differences() throws -> [String] {
        let reference = Reference(appended)
        let expectations = [
            (EventsApp.byMinute, reference.byMinute), (EventsApp.byShop, reference.byShop),
            (EventsApp.latest, reference.latest),
        ]
        return try expectations.flatMap { table, expected in
            let rows = try rows(table)
            return Set(rows.keys).union(expected.keys).filter { rows[$0] != expected[$0] }.prefix(3).map {
                "\(table.name) \($0): \(String(describing: rows[$0])), not \(String(describing: expected[$0]))"
            }
        }
    }

    /// The headers of every dead letter, by name, in the order in which they were kept.
    func deadLetters() throws -> [[String: String]] {
        let letters = try categories.read(
            category: EventsApp.deadLettersID, bucket: 0, from: 0, maximumRecords: 100_000, maximumBytes: 1 << 30)
        return (0..<letters.count).map { index in
            Dictionary(letters.headers(of: index).map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }) {
                _, last in last
            }
        }
    }
}
