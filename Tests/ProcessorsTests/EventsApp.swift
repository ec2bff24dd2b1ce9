import Catalog
import Expressions
import Monoids
import Records

@testable import Processors

/// The app of these tests: one input table, three tables over it, written as the SQL binder would.
enum EventsApp {
    static let categoryID: UInt32 = 1
    static let deadLettersID: UInt32 = 2
    static let minute: Int64 = 60_000_000

    static let columns: [InputColumn] = [
        InputColumn(name: "time", type: .timestamp, path: ["time"]),
        InputColumn(name: "user", type: .string, path: ["user"]),
        InputColumn(name: "shop", type: .int64, path: ["shop"]),
        InputColumn(name: "x", type: .int64, path: ["x"]),
        InputColumn(name: "y", type: .double, path: ["y"]),
        InputColumn(name: "gone", type: .bool, path: ["gone"]),
    ]
    static let user = Expression.column(1, .string)
    static let shop = Expression.column(2, .int64)
    static let x = Expression.column(3, .int64)
    static let y = Expression.column(4, .double)
    static let gone = Expression.column(5, .bool)

    static func category(bucketCount: Int) -> CategoryEntry {
        CategoryEntry(
            id: categoryID, name: "events", bucketCount: bucketCount, bucketColumn: "user", format: .json, sql: "")
    }

    static let deadLetters = CategoryEntry(
        id: deadLettersID, name: DeadLetterCategory.name(ofApp: "events_app"), bucketCount: 1, sql: "")

    static func app(
        startOffsets: [Int64]? = nil, checkpointMilliseconds: Int = 1, deadLettersFrom: Int64? = nil
    ) -> AppEntry {
        AppEntry(
            id: 1, name: "events_app", options: AppOptions(checkpointMilliseconds: checkpointMilliseconds),
            inputTables: [
                InputTableEntry(
                    name: "events", categoryID: categoryID, format: .json, columns: columns, eventTimeColumn: 0,
                    start: startOffsets == nil ? .earliest : .latest, startOffsets: startOffsets)
            ],
            tableIDs: [1, 2, 3], sql: "", deployedAt: 0, deadLettersFrom: deadLettersFrom)
    }

    static let tables = [byMinute, byShop, latest]

    /// SELECT user, COUNT(*) AS n, COUNT(x) AS xs, SUM(x) AS sum, MIN(x) AS low, MAX(x) AS high, AVG(y) AS mean,
    /// LAST(x) AS last, MIN_BY(shop, y) AS cheapest, COUNT_IF(x > 50) AS big FROM events [1 MINUTE]
    /// WHERE x IS NULL OR x <> 13 GROUP BY user
    static let byMinute = {
        var query = AggregateTable(id: 1, name: "by_minute")
        query.add("n", .count, [], .int64)
        query.add("xs", .count, [x], .int64)
        query.add("sum", .sumInt64, [x], .int64)
        query.add("low", .minimum, [x], .int64)
        query.add("high", .maximum, [x], .int64)
        query.add("mean", .averageDouble, [y], .double)
        query.add("last", .last, [x], .int64)
        query.add("cheapest", .minimumBy, [shop, y], .int64)
        query.add("big", .count, [], .int64, condition: .comparison(.greater, x, .literal(.int64(50), .int64)))
        return query.entry(
            keys: [(name: "user", user)], pane: Pane(widthMicroseconds: minute),
            filter: .or(.isNull(x), .comparison(.notEqual, x, .literal(.int64(13), .int64))))
    }()

    /// SELECT shop, y > 0 AS positive, COUNT(*) AS n, SUM(y) AS total FROM events GROUP BY shop, y > 0
    static let byShop = {
        var query = AggregateTable(id: 2, name: "by_shop")
        query.add("n", .count, [], .int64)
        query.add("total", .sumDouble, [y], .double)
        return query.entry(
            keys: [(name: "shop", shop), (name: "positive", .comparison(.greater, y, .literal(.double(0), .double)))],
            pane: nil, filter: nil)
    }()

    /// PRIMARY KEY (user) AS SELECT user, x, y, shop FROM events DELETE WHERE gone
    static let latest = TableEntry(
        id: 3, name: "latest", keyColumns: [KeyColumn(name: "user", type: .string)], shardColumnCount: 1,
        stateFields: [
            StateField(number: 1, name: "x", monoid: nil, types: [.int64]),
            StateField(number: 2, name: "y", monoid: nil, types: [.double]),
            StateField(number: 3, name: "shop", monoid: nil, types: [.int64]),
        ],
        aggregates: [],
        columns: [
            TableColumn(number: 1, name: "x", type: .int64), TableColumn(number: 2, name: "y", type: .double),
            TableColumn(number: 3, name: "shop", type: .int64),
        ],
        nextFieldNumber: 4,
        source: .upsert(UpsertQuery(input: "events", filter: nil, keys: [user], values: [x, y, shop], delete: gone)),
        app: "events_app", sql: "", versions: [VersionEntry(number: 1, createdAt: 0, origin: "live")],
        servingVersion: 1, nextVersion: 2)
}

/// Collects aggregates as the binder does, without sharing states.
struct AggregateTable {
    let id: UInt32
    let name: String
    private var stateFields: [StateField] = []
    private var arguments: [StateArguments] = []
    private var aggregates: [AggregateColumn] = []
    private var columns: [TableColumn] = []
    private var next = 1

    init(id: UInt32, name: String) {
        self.id = id
        self.name = name
    }

    mutating func add(
        _ name: String, _ function: AggregateFunction, _ expressions: [Expression], _ type: ValueType,
        condition: Expression? = nil
    ) {
        let numbers = function.states.map { kind in
            stateFields.append(
                StateField(number: next, name: "\(name)\(next)", monoid: kind, types: expressions.map(\.type)))
            arguments.append(StateArguments(expressions: expressions, condition: condition))
            next += 1
            return next - 1
        }
        if function.isPresentedAsStored {
            columns.append(TableColumn(number: numbers[0], name: name, type: type))
        } else {
            columns.append(
                TableColumn(number: next, name: name, type: type, expression: .column(aggregates.count, type)))
            next += 1
        }
        aggregates.append(AggregateColumn(function: function, stateNumbers: numbers, type: type))
    }

    func entry(keys: [(name: String, Expression)], pane: Pane?, filter: Expression?) -> TableEntry {
        var keyColumns = keys.map { KeyColumn(name: $0.name, type: $0.1.type) }
        if pane != nil { keyColumns.append(KeyColumn(name: "window_start", type: .timestamp)) }
        return TableEntry(
            id: id, name: name, keyColumns: keyColumns, shardColumnCount: keys.count, stateFields: stateFields,
            aggregates: aggregates, columns: columns, nextFieldNumber: next, pane: pane,
            source: .aggregate(
                AggregateQuery(input: "events", filter: filter, keys: keys.map(\.1), arguments: arguments)),
            app: "events_app", sql: "", versions: [VersionEntry(number: 1, createdAt: 0, origin: "live")],
            servingVersion: 1, nextVersion: 2)
    }
}
