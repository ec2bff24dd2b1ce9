import Bytes
import Catalog
import Categories
import Dispatch
import Foundation
import Records
import SQL
import Synchronization
import Tables

@testable import Processors

/// What a server does with files of SQL and records, one command after the other and without a network; its data folder
/// goes when the script is over.
final class ScriptedServer {
    /// How records are moved. Whichever it is, a script ends with the same rows and the same records.
    enum Manner: String, CaseIterable {
        /// In large batches, with one checkpoint.
        case atOnce
        /// One record a batch, a checkpoint for each, and the folder closed and opened between commands.
        case bitByBit
        /// As at once, but after an attempt that was lost before its checkpoint.
        case twice
    }

    private let directory: String
    private let manner: Manner
    private var catalog: CatalogStore
    private var categories: CategoryStore
    private var tables: TableStore

    init(_ manner: Manner) throws {
        directory = NSTemporaryDirectory() + "maser-script-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.manner = manner
        (catalog, categories, tables) = try Self.open(directory)
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

    private func reopen() throws {
        try close()
        (catalog, categories, tables) = try Self.open(directory)
    }

    // MARK: SQL

    func deploy(_ sql: String, now: Int64) throws -> String {
        let deployment = try plan(try parse(sql, file: "test.sql"), against: catalog.snapshot, now: now)
        for table in deployment.tables where deployment.tableChanges[table.id] == .new && table.servingVersion != 0 {
            try tables.createVersion(table: table.id, version: table.servingVersion)
        }
        try catalog.update { snapshot in
            for category in deployment.categories { try snapshot.put(category) }
            for table in deployment.tables { try snapshot.put(table) }
            if let app = deployment.app { try snapshot.put(app) }
        }
        for category in deployment.categories { categories.createCategory(category) }
        return deployment.changes.joined(separator: "\n")
    }

    // MARK: Records

    /// A JSON object a line.
    func append(_ lines: String, to name: String) throws {
        let category = try category(name)
        let values = lines.split(separator: "\n").map { Array($0.utf8) }
        var records = [[NewRecord]](repeating: [], count: category.bucketCount)
        var strings = ByteStrings()
        for value in values { strings.append(value) }
        let found = category.bucketColumn.map { RecordKeyFinder(field: $0).find(in: strings) }
        for (index, value) in values.enumerated() {
            guard let found, !found.isAbsent[index] else {
                records[0].append(NewRecord(value: value))
                continue
            }
            let key = Array(found.keys[index])
            let bucket = key.withUnsafeBytes { Bytes.bucket(ofRecordKey: $0, buckets: category.bucketCount) }
            records[bucket].append(NewRecord(key: key, value: value))
        }
        for (bucket, records) in records.enumerated() where !records.isEmpty {
            try append(records, bucket, category)
        }
    }

    private func append(_ records: [NewRecord], _ bucket: Int, _ category: CategoryEntry) throws {
        let result = Mutex<Result<Void, CategoriesError>?>(nil)
        let done = DispatchSemaphore(value: 0)
        categories.append([BucketRecords(bucket: bucket, records: records)], to: category) { outcome in
            result.withLock { $0 = outcome.map { _ in } }
            done.signal()
        }
        done.wait()
        try result.withLock { $0 }?.get()
    }

    /// A line for each: the record's key, then the record. They are sorted, for buckets are read in no order.
    func records(of name: String) throws -> String {
        let category = try category(name)
        var lines: [String] = []
        for bucket in 0..<category.bucketCount {
            let records = try categories.read(
                category: category.id, bucket: bucket, from: 0, maximumRecords: 100_000, maximumBytes: 1 << 30)
            for index in 0..<records.offsets.count {
                let key = records.hasKey[index] ? String(decoding: records.keys[index], as: UTF8.self) : "-"
                let wanted = key == "-" ? bucket : key.utf8.withBucket(of: category.bucketCount)
                lines.append(
                    "\(key) \(String(decoding: records.values[index], as: UTF8.self))"
                        + (wanted == bucket ? "" : ", in the wrong bucket"))
            }
        }
        return lines.sorted().joined(separator: "\n")
    }

    // MARK: Rows

    /// A version of a table that loads fill, a JSON object a row.
    func load(_ lines: String, into name: String) throws {
        var table = try table(name)
        let keys = table.keyColumns.map { InputColumn(name: $0.name, type: $0.type, path: [$0.name]) }
        let columns = table.columns.map { InputColumn(name: $0.name, type: $0.type, path: [$0.name]) }
        var values = ByteStrings()
        for line in lines.split(separator: "\n") { values.append(Array(line.utf8)) }
        let decoder = RecordDecoder(
            format: .json, schema: keys + columns, needed: Array(0..<keys.count + columns.count))
        let batch = decoder.decode(values).batch
        let encoder = UpsertRowEncoder(of: table)
        var tuples = ByteStrings()
        var operands = ByteStrings()
        for row in 0..<batch.count {
            var key = ByteWriter()
            for column in batch.columns.prefix(keys.count) { _ = key.appendTuple(column, row: row) }
            tuples.append(key.bytes)
            var operand = ByteWriter()
            encoder.encode(
                Array(batch.columns.dropFirst(keys.count)), row: row, order: .batch(file: 0, row: row), into: &operand)
            operands.append(operand.bytes)
        }
        table.servingVersion = table.nextVersion
        table.nextVersion += 1
        table.versions.append(VersionEntry(number: table.servingVersion, createdAt: 0, origin: "load"))
        try tables.createVersion(table: table.id, version: table.servingVersion)
        try catalog.update { try $0.put(table) }
        var storageKeys = ByteStrings()
        try StorageKey(of: table, shardCount: 4).encode(tuples, into: &storageKeys)
        try tables.commit(
            Checkpoint(
                merges: [
                    VersionMerges(
                        table: table.id, version: table.servingVersion, keys: storageKeys, operands: operands)
                ], positions: []))
    }

    /// A JSON object a row, in the order of their keys.
    func rows(of name: String) throws -> String {
        let table = try table(name)
        let layout = RowLayout(columns: table.columns.map { ($0.number, $0.name, $0.type) })
        let page = try tables.scan(table, ScanRange())
        var lines: [String] = []
        for index in 0..<page.keys.count {
            let key = try page.keys[index].withUnsafeBytes { try decodeKey($0, types: table.keyColumns.map(\.type)) }
            let values = try page.rows[index].map { try $0.withUnsafeBytes { try layout.decode($0) } } ?? []
            let keyed = zip(table.keyColumns.map(\.name), key).map { (name: $0, value: $1) }
            let valued = zip(table.columns.map(\.name), values).map { (name: $0, value: $1) }
            lines.append(JSONText.object(keyed + valued))
        }
        return lines.joined(separator: "\n")
    }

    // MARK: Processing

    /// Every app takes what there is, until none has anything to do.
    func process() throws {
        if manner == .twice {
            for app in apps {
                let lost = try processor(app)
                while try lost.step() {}
            }
        }
        if manner == .bitByBit { try reopen() }
        // What one app sends to a category another may read.
        for _ in 0..<8 {
            for app in apps { try process(app) }
        }
    }

    private var apps: [AppEntry] { catalog.snapshot.apps.values.sorted { $0.id < $1.id } }

    private func process(_ app: AppEntry) throws {
        let processor = try processor(app)
        for _ in 0..<8 {
            while try processor.step() {
                if manner == .bitByBit { try processor.checkpoint() }
            }
            if processor.isDirty { try processor.checkpoint() }
        }
    }

    private func processor(_ app: AppEntry) throws -> AppProcessor {
        let processor = try AppProcessor(
            app, catalog: catalog.snapshot, categories: categories, tables: tables, clock: .system,
            batchRecordCount: manner == .bitByBit ? 1 : 1000)
        try processor.load()
        return processor
    }

    private func category(_ name: String) throws -> CategoryEntry {
        guard let category = catalog.snapshot.category(named: name) else { throw Missing(name: name) }
        return category
    }

    private func table(_ name: String) throws -> TableEntry {
        guard let table = catalog.snapshot.table(named: name) else { throw Missing(name: name) }
        return table
    }

    struct Missing: Error {
        var name: String
    }
}

extension String.UTF8View {
    fileprivate func withBucket(of count: Int) -> Int {
        Array(self).withUnsafeBytes { bucket(ofRecordKey: $0, buckets: count) }
    }
}
