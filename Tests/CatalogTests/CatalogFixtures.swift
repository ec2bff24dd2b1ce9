import Catalog
import Expressions
import Foundation
import Monoids
import Records

/// A folder that goes when the test is over.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "maser-catalog-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

enum Sample {
    static func category(id: UInt32, name: String) -> CategoryEntry {
        CategoryEntry(
            id: id, name: name, bucketCount: 8, bucketColumn: "dest", format: .json,
            retention: Retention(microseconds: 7 * 86_400_000_000), sql: "CREATE CATEGORY \(name)")
    }

    /// With something of everything that an entry can say.
    static func table(id: UInt32, name: String) -> TableEntry {
        let query = AggregateQuery(
            input: "flights",
            filter: .comparison(.greater, .column(2, .double), .literal(.double(.infinity), .double)),
            keys: [.column(0, .string), .function(.lower, [.column(1, .string)], .string)],
            arguments: [
                StateArguments(expressions: []),
                StateArguments(expressions: [.column(2, .double)], condition: .not(.isNull(.column(2, .double)))),
            ])
        return TableEntry(
            id: id, name: name,
            keyColumns: [
                KeyColumn(name: "origin", type: .string), KeyColumn(name: "dest", type: .string),
                KeyColumn(name: "window_start", type: .timestamp),
            ],
            shardColumnCount: 1,
            stateFields: [
                StateField(number: 1, name: "count", monoid: .count, types: []),
                StateField(number: 2, name: "sum_dep_delay", monoid: .sumDouble, types: [.double]),
            ],
            aggregates: [
                AggregateColumn(function: .count, stateNumbers: [1], type: .int64),
                AggregateColumn(function: .averageDouble, stateNumbers: [2, 1], type: .double),
            ],
            columns: [
                TableColumn(number: 1, name: "flights", type: .int64),
                TableColumn(number: 3, name: "mean_delay", type: .double, expression: .column(1, .double)),
            ],
            nextFieldNumber: 4, pane: Pane(widthMicroseconds: 86_400_000_000, zone: "America/New_York"),
            lifetimeMicroseconds: 1, source: .aggregate(query), app: "delays", sql: "CREATE TABLE \(name) AS ...",
            versions: [VersionEntry(number: 1, createdAt: 5, origin: "live")], servingVersion: 1, nextVersion: 2)
    }

    static func app(id: UInt32, name: String) -> AppEntry {
        let input = InputTableEntry(
            name: "flights", categoryID: 1, format: .json,
            columns: [InputColumn(name: "city", type: .string, path: ["destination", "city"])], eventTimeColumn: 0,
            start: .latest, startOffsets: [4, 5])
        return AppEntry(
            id: id, name: name, options: AppOptions(), inputTables: [input], tableIDs: [1], sql: "...", deployedAt: 6)
    }
}
