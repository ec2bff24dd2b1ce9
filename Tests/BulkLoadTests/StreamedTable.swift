import Catalog
import Categories
import Dispatch
import Foundation
import Records
import SQL
import Synchronization
import Tables
import Testing

@testable import BulkLoad
@testable import Processors

/// An app of one table over one category, deployed in a folder of its own: filled by records of the category, or by a load.
final class StreamedTable {
    let directory: String
    let catalog: CatalogStore
    let categories: CategoryStore
    let tables: TableStore
    let app: AppEntry
    let table: TableEntry

    init(_ sql: String, shardCount: Int) throws {
        directory = NSTemporaryDirectory() + "maser-streamed-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        catalog = try CatalogStore(directory: directory + "/catalog", shardCount: shardCount)
        categories = try CategoryStore(directory: directory + "/log", catalog: catalog, memoryBytes: 16 << 20)
        tables = try TableStore(directory: directory + "/tables", catalog: catalog, memoryBytes: 16 << 20)
        let deployment = try plan(try parse(sql, file: "test.sql"), against: catalog.snapshot, now: 0)
        try catalog.update { snapshot in
            for category in deployment.categories { try snapshot.put(category) }
            for table in deployment.tables { try snapshot.put(table) }
            if let app = deployment.app { try snapshot.put(app) }
        }
        for category in deployment.categories { categories.createCategory(category) }
        app = try #require(deployment.app)
        table = try #require(deployment.tables.first)
        try tables.createVersion(table: table.id, version: table.servingVersion)
    }

    deinit {
        try? tables.close()
        categories.close()
        catalog.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    var input: InputTableEntry { app.inputTables[0] }

    var descriptor: LoadDescriptor {
        LoadDescriptor(
            table: table, shardCount: catalog.snapshot.shardCount, input: input,
            category: catalog.snapshot.category(id: input.categoryID).map { .init($0) })
    }

    /// Applies records of the category.
    func stream(_ records: [String]) throws {
        let category = try #require(catalog.snapshot.category(id: input.categoryID))
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<CategoriesError?>(nil)
        let all = records.map { NewRecord(key: nil, value: Array($0.utf8)) }
        categories.append([BucketRecords(bucket: 0, records: all)], to: category) { outcome in
            if case .failure(let error) = outcome { failure.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = failure.withLock({ $0 }) { throw error }
        let processor = try AppProcessor(
            app, catalog: catalog.snapshot, categories: categories, tables: tables, clock: .system)
        try processor.load()
        while try processor.step() {}
        try processor.checkpoint()
    }

    /// Takes a built version in the place of the empty one.
    func take(_ built: BuiltVersion) throws {
        try tables.ingest(files: built.files, table: table.id, version: table.servingVersion)
    }

    /// Keys and messages as they are served.
    func rows() throws -> [[UInt8]: [UInt8]] {
        var rows: [[UInt8]: [UInt8]] = [:]
        var range = ScanRange()
        repeat {
            let page = try tables.scan(table, range)
            for index in 0..<page.keys.count { rows[[UInt8](page.keys[index])] = page.rows[index].map { [UInt8]($0) } }
            range.continuation = page.continuation
        } while !range.continuation.isEmpty
        return rows
    }

    /// Keys and stored values.
    func states() throws -> [[UInt8]: [UInt8]] {
        var states: [[UInt8]: [UInt8]] = [:]
        try tables.states(of: table) { page in
            for index in 0..<page.keys.count { states[[UInt8](page.keys[index])] = [UInt8](page.values[index]) }
        }
        return states
    }
}
