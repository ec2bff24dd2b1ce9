import Bytes
import Catalog
import Categories
import Expressions
import Foundation
import Monoids
import Records
import RocksDB
import Tables

@testable import Processors

/// A data folder of an app with output categories, gone when the test is over.
final class OutputFolder {
    enum ID {
        static let shops: UInt32 = 10
        static let finals: UInt32 = 11
        static let changes: UInt32 = 12
        static let big: UInt32 = 20
        static let finalPanes: UInt32 = 21
        static let changedPanes: UInt32 = 22
        static let loads: UInt32 = 30
    }

    let directory: String
    let app: AppEntry
    let bucketCount: Int
    private let switches: TestSwitches
    private let waitingBytes: Int
    private(set) var catalog: CatalogStore
    private(set) var categories: CategoryStore
    private(set) var tables: TableStore
    /// What was appended, as the log has it.
    private(set) var appended: [(event: Event, bucket: Int, offset: Int64)] = []
    private var ends: [Int64]

    init(
        bucketCount: Int = 2, state: Semantics = .exactlyOnce, output: Semantics = .exactlyOnce,
        outputs: [UInt32] = [ID.big, ID.finalPanes, ID.changedPanes], confidence: Double = 0.9,
        switches: TestSwitches = TestSwitches(), waitingBytes: Int = CategoryStore.waitingBytes
    ) throws {
        self.waitingBytes = waitingBytes
        directory = NSTemporaryDirectory() + "maser-outputs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.bucketCount = bucketCount
        self.switches = switches
        ends = [Int64](repeating: 0, count: bucketCount)
        app = AppEntry(
            id: 1, name: "events_app",
            options: AppOptions(
                checkpointMilliseconds: 1, watermarkConfidence: confidence, state: state, output: output),
            inputTables: [
                InputTableEntry(
                    name: "events", categoryID: EventsApp.categoryID, format: .json, columns: EventsApp.columns,
                    eventTimeColumn: 0, start: .earliest)
            ],
            tableIDs: [ID.finals, ID.changes], sql: "", deployedAt: 0, outputIDs: outputs)
        (catalog, categories, tables) = try Self.open(directory, switches, waitingBytes: waitingBytes)
        let app = app
        try catalog.update { snapshot in
            try snapshot.put(EventsApp.category(bucketCount: bucketCount))
            try snapshot.put(EventsApp.deadLetters)
            for category in Self.outputs { try snapshot.put(category) }
            for table in [Self.shops, Self.finals, Self.changes] { try snapshot.put(table) }
            try snapshot.put(app)
        }
        for table in [Self.shops, Self.finals, Self.changes] { try tables.createVersion(table: table.id, version: 1) }
    }

    deinit {
        try? close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func open(
        _ directory: String, _ switches: TestSwitches, waitingBytes: Int
    ) throws -> (CatalogStore, CategoryStore, TableStore) {
        let catalog = try CatalogStore(directory: directory + "/catalog", shardCount: 4)
        return (
            catalog,
            try CategoryStore(
                directory: directory + "/log", catalog: catalog, memoryBytes: 16 << 20, waitingBytes: waitingBytes),
            try TableStore(
                directory: directory + "/tables", catalog: catalog, memoryBytes: 16 << 20, switches: switches)
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
        (catalog, categories, tables) = try Self.open(directory, switches, waitingBytes: waitingBytes)
    }

    // MARK: Statements

    /// PRIMARY KEY (shop) with a name, filled by `putShop`.
    static let shops = TableEntry(
        id: ID.shops, name: "shops", keyColumns: [KeyColumn(name: "shop", type: .int64)], shardColumnCount: 1,
        stateFields: [StateField(number: 1, name: "name", monoid: nil, types: [.string])], aggregates: [],
        columns: [TableColumn(number: 1, name: "name", type: .string)], nextFieldNumber: 2, source: .loads, sql: "",
        versions: [VersionEntry(number: 1, createdAt: 0, origin: "live")], servingVersion: 1, nextVersion: 2)

    static let finals = panes(id: ID.finals, name: "finals")
    static let changes = panes(id: ID.changes, name: "changes")

    /// SELECT user, COUNT(*) AS n, SUM(x) AS sum FROM events [1 MINUTE] GROUP BY user
    private static func panes(id: UInt32, name: String) -> TableEntry {
        var query = AggregateTable(id: id, name: name)
        query.add("n", .count, [], .int64)
        query.add("sum", .sumInt64, [EventsApp.x], .int64)
        return query.entry(
            keys: [(name: "user", EventsApp.user)], pane: Pane(widthMicroseconds: EventsApp.minute), filter: nil)
    }

    static func join(keepsUnmatched: Bool) -> JoinClause {
        JoinClause(
            tableID: ID.shops, keepsUnmatched: keepsUnmatched, keys: [EventsApp.shop],
            columns: [JoinedColumn(name: "name", type: .string)])
    }

    static let outputs: [CategoryEntry] = [
        // BY user AS SELECT user, x, time, name FROM events LEFT JOIN shops ON shop = shops.shop WHERE x > 50
        CategoryEntry(
            id: ID.big, name: "big", bucketCount: 3, bucketColumn: "user", format: .json, acknowledgement: .written,
            output: .records(
                RecordQuery(
                    input: "events", joins: [join(keepsUnmatched: true)],
                    filter: .comparison(.greater, EventsApp.x, .literal(.int64(50), .int64)),
                    columns: [
                        OutputColumn(name: "user", type: .string, expression: EventsApp.user),
                        OutputColumn(name: "x", type: .int64, expression: EventsApp.x),
                        OutputColumn(name: "time", type: .timestamp, expression: .column(0, .timestamp)),
                        OutputColumn(
                            name: "shop_name", type: .string, expression: .column(EventsApp.columns.count, .string)),
                    ], keyColumn: 0)), app: "events_app", sql: ""),
        CategoryEntry(
            id: ID.finalPanes, name: "final_panes", bucketCount: 2, bucketColumn: "user", format: .json,
            output: .panes(PaneQuery(tableID: ID.finals, emission: .final, keyColumn: 0)), app: "events_app", sql: ""),
        CategoryEntry(
            id: ID.changedPanes, name: "changed_panes", bucketCount: 2, bucketColumn: "user", format: .json,
            output: .panes(PaneQuery(tableID: ID.changes, emission: .changes, keyColumn: 0)), app: "events_app", sql: ""
        ),
    ]

    // MARK: Input

    /// Every record of a user goes to the same bucket.
    func append(_ events: [Event]) throws {
        for bucket in 0..<bucketCount {
            let mine = events.filter { event in
                var user = event.user
                return user.withUTF8 {
                    Bytes.bucket(ofRecordKey: UnsafeRawBufferPointer($0), buckets: bucketCount) == bucket
                }
            }
            for event in mine {
                appended.append((event, bucket, ends[bucket]))
                ends[bucket] += 1
            }
            try categories.appendAndWait(
                mine.map(\.json), bucket: bucket, to: EventsApp.category(bucketCount: bucketCount))
        }
    }

    /// `time` decides between rows of a shop.
    func putShop(_ shop: Int64, name: String, time: Int64 = 0) throws {
        var tuple = ByteWriter()
        try encodeKey([.int64(shop)], into: &tuple)
        var tuples = ByteStrings()
        tuples.append(tuple.bytes)
        var keys = ByteStrings()
        try StorageKey(of: Self.shops, shardCount: 4).encode(tuples, into: &keys)
        var row = ByteWriter()
        UpsertRowEncoder(of: Self.shops).encode(
            [Column(type: .string, values: [.string(name)])], row: 0,
            order: .log(eventTime: time, bucket: 0, offset: 0), isDeleted: false, into: &row)
        var operands = ByteStrings()
        operands.append(row.bytes)
        try tables.commit(
            Checkpoint(
                merges: [VersionMerges(table: ID.shops, version: 1, keys: keys, operands: operands)], positions: []))
    }

    // MARK: Processing

    func processor(batchRecordCount: Int = 4096, greatestRoundCount: Int = 65_536) throws -> AppProcessor {
        let processor = try AppProcessor(
            app, catalog: catalog.snapshot, categories: categories, tables: tables, clock: .system,
            batchRecordCount: batchRecordCount, greatestRoundCount: greatestRoundCount)
        try processor.load()
        return processor
    }

    /// Applies everything there is, and writes and emits it.
    func process(_ processor: AppProcessor) throws {
        while try processor.step() {}
        while processor.isDirty { try processor.checkpoint() }
    }

    // MARK: Output

    struct Emitted: Hashable {
        var key: String?
        var value: String
        var revision: Int?
        var bucket: Int
    }

    /// All records of an output category, by bucket and in their order.
    func emitted(_ id: UInt32) throws -> [Emitted] {
        guard let category = Self.outputs.first(where: { $0.id == id }) else { return [] }
        // Nothing was ever appended to it.
        guard categories.byteCount(category: id) > 0 else { return [] }
        return try (0..<category.bucketCount).flatMap { bucket -> [Emitted] in
            let records = try categories.read(
                category: id, bucket: bucket, from: 0, maximumRecords: 1_000_000, maximumBytes: 1 << 30)
            return (0..<records.count).map { index in
                let revision = records.headers(of: index).first { $0.name == "revision" }
                return Emitted(
                    key: records.hasKey[index] ? String(decoding: records.keys[index], as: UTF8.self) : nil,
                    value: String(decoding: records.values[index], as: UTF8.self),
                    revision: revision.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) }, bucket: bucket)
            }
        }
    }

    // MARK: What it has to be

    /// Lines that only one of the two has; a few of them.
    static func differences(_ found: [String], _ expected: [String]) -> [String] {
        let difference = found.sorted().difference(from: expected.sorted())
        return difference.prefix(4).map { change in
            switch change {
            case .insert(_, let line, _): "too much: \(line)"
            case .remove(_, let line, _): "missing: \(line)"
            }
        }
    }

    /// What is final, as the table store says, has to be in the output.
    func finalDifferences() throws -> [String] {
        let end = try tables.emission(ofPanesOf: ID.finals)?.bound ?? .min + 1
        return Self.differences(try emitted(ID.finalPanes).map(\.value), expectedPanes(endingBy: end))
    }

    /// Of the records output, from the events alone; `name` gives a shop's.
    func expectedBig(name: (Int64) -> String?) -> [String] {
        appended.filter { ($0.event.x ?? 0) > 50 }.map { entry in
            JSONText.object([
                (name: "user", value: .string(entry.event.user)),
                (name: "x", value: entry.event.x.map { .int64($0) } ?? .null),
                (name: "time", value: .timestamp(entry.event.time)),
                (name: "shop_name", value: entry.event.shop.flatMap(name).map { .string($0) } ?? .null),
            ])
        }.sorted()
    }

    /// A line for each pane that ends at or before `end`.
    func expectedPanes(endingBy end: Int64 = .max) -> [String] {
        let panes = Dictionary(grouping: appended.map(\.event)) { event in
            [event.user, String(event.time - event.time % EventsApp.minute)]
        }
        return panes.compactMap { key, events -> String? in
            guard let start = Int64(key[1]), end == .max || start + EventsApp.minute <= end else { return nil }
            let xs = events.compactMap(\.x)
            return JSONText.object([
                (name: "user", value: .string(key[0])), (name: "window_start", value: .timestamp(start)),
                (name: "n", value: .int64(Int64(events.count))),
                (name: "sum", value: xs.isEmpty ? .null : .int64(xs.reduce(0, +))),
            ])
        }.sorted()
    }
}

extension Event {
    /// Event times that never fall, over some minutes.
    static func inOrder(
        _ count: Int, from start: Int64, seconds: Int64, using generator: inout SeededGenerator
    ) -> [Event] {
        var events = Event.random(count, base: start, using: &generator)
        for index in events.indices { events[index].time = start + Int64(index) * seconds * 1_000_000 / Int64(count) }
        return events
    }
}
