package import Expressions
package import Monoids
package import Records

/// A table as the catalog keeps it: its schema with stable numbers, what fills it, and its versions.
///
/// One space of field numbers serves state fields and columns: a column that is presented as it is stored has the number
/// of its state field. Numbers are never reused; `reservedFieldNumbers` are Maser's own.
package struct TableEntry: Codable, Hashable, Sendable {
    /// Field numbers that a row's message keeps for what decides between upserts (`UpsertField`).
    package static let reservedFieldNumbers = 2000...2047

    /// Never reused: a table dropped and created again has a new one.
    package var id: UInt32
    package var name: String
    /// Rises by one whenever the columns change.
    package var schemaRevision: UInt32
    package var keyColumns: [KeyColumn]
    /// How many leading key columns the shard hashes; never counts `window_start`.
    package var shardColumnCount: Int
    package var stateFields: [StateField]
    package var aggregates: [AggregateColumn]
    package var columns: [TableColumn]
    package var nextFieldNumber: Int
    package var pane: Pane?
    package var lifetimeMicroseconds: Int64?
    package var source: TableSource
    /// The app whose statement made it; nil for a table that is only loaded, or that was kept when its app was deleted.
    package var app: String?
    /// What filled a kept table: only the same input may go on with it, for anything else would count otherwise or again.
    package private(set) var keptInput: InputTableEntry?
    package var sql: String
    package var versions: [VersionEntry]
    package var servingVersion: UInt32
    package var nextVersion: UInt32
    /// nil: the usual ones.
    package var loadLimits: LoadLimits?
    /// How old the table may be while the server is ready; nil: what the server is set to; the greatest there is: any age.
    package var maxLagMicroseconds: Int64?
    /// The oldest first; nil where none was ever adopted.
    package var adoptedLoads: [AdoptedLoad]?

    package init(
        id: UInt32, name: String, schemaRevision: UInt32 = 1, keyColumns: [KeyColumn], shardColumnCount: Int,
        stateFields: [StateField], aggregates: [AggregateColumn], columns: [TableColumn], nextFieldNumber: Int,
        pane: Pane? = nil, lifetimeMicroseconds: Int64? = nil, source: TableSource, app: String? = nil, sql: String,
        versions: [VersionEntry], servingVersion: UInt32, nextVersion: UInt32
    ) {
        self.id = id
        self.name = name
        self.schemaRevision = schemaRevision
        self.keyColumns = keyColumns
        self.shardColumnCount = shardColumnCount
        self.stateFields = stateFields
        self.aggregates = aggregates
        self.columns = columns
        self.nextFieldNumber = nextFieldNumber
        self.pane = pane
        self.lifetimeMicroseconds = lifetimeMicroseconds
        self.source = source
        self.app = app
        self.sql = sql
        self.versions = versions
        self.servingVersion = servingVersion
        self.nextVersion = nextVersion
    }
}

extension TableEntry {
    /// The table without its app, which is being deleted.
    package func kept(from app: AppEntry) -> TableEntry {
        var table = self
        table.app = nil
        table.keptInput = app.inputTables.first { $0.name.lowercased() == source.inputTable?.lowercased() }
        return table
    }

    /// The kept table as one of another app.
    package func adopted(by app: String?, sql: String) -> TableEntry {
        var table = self
        table.app = app
        table.sql = sql
        table.keptInput = nil
        return table
    }
}

package struct KeyColumn: Codable, Hashable, Sendable {
    package var name: String
    package var type: ValueType

    package init(name: String, type: ValueType) {
        self.name = name
        self.type = type
    }
}

/// A stored field. `types` are those of the monoid's arguments: one for COUNT(x), SUM, MIN, FIRST (the value), two for
/// MIN_BY (x, then y); for a stored column of a loaded or upsert table its own type.
package struct StateField: Codable, Hashable, Sendable {
    package var number: Int
    /// A name for `XState` in `describe --proto`, such as `sum_dep_delay`.
    package var name: String
    /// nil in a loaded or upsert table, where the row as a whole is the monoid.
    package var monoid: MonoidKind?
    package var types: [ValueType]
    /// When it joined a table that was live already, microseconds since 1970: panes that began before present NULL.
    package var addedAt: Int64?

    package init(number: Int, name: String, monoid: MonoidKind?, types: [ValueType], addedAt: Int64? = nil) {
        self.number = number
        self.name = name
        self.monoid = monoid
        self.types = types
        self.addedAt = addedAt
    }
}

/// An aggregate that the columns' expressions refer to by its index in `TableEntry.aggregates`.
package struct AggregateColumn: Codable, Hashable, Sendable {
    package var function: AggregateFunction
    /// Numbers of the state fields, in the order of `function.states`.
    package var stateNumbers: [Int]
    /// The type of the presented value.
    package var type: ValueType

    package init(function: AggregateFunction, stateNumbers: [Int], type: ValueType) {
        self.function = function
        self.stateNumbers = stateNumbers
        self.type = type
    }
}

package struct TableColumn: Codable, Hashable, Sendable {
    package var number: Int
    package var name: String
    package var type: ValueType
    /// Over the presented aggregates; nil where the stored field of the same number is the column.
    package var expression: Expression?

    package init(number: Int, name: String, type: ValueType, expression: Expression? = nil) {
        self.number = number
        self.name = name
        self.type = type
        self.expression = expression
    }
}

/// Panes of one width, starting at multiples of it since 1970 in UTC or in a named zone.
package struct Pane: Codable, Hashable, Sendable {
    package var widthMicroseconds: Int64
    /// An IANA name; nil for UTC.
    package var zone: String?

    package init(widthMicroseconds: Int64, zone: String? = nil) {
        self.widthMicroseconds = widthMicroseconds
        self.zone = zone
    }
}

/// What fills a table. Expressions are over the columns of the input table that `input` names.
package enum TableSource: Codable, Hashable, Sendable {
    /// Only loads.
    case loads
    case upsert(UpsertQuery)
    case aggregate(AggregateQuery)

    /// None where loads fill the table.
    package var joins: [JoinClause] {
        switch self {
        case .loads: []
        case .upsert(let query): query.joins
        case .aggregate(let query): query.joins
        }
    }

    /// The input table whose records fill the table; nil where loads do.
    package var inputTable: String? {
        switch self {
        case .loads: nil
        case .upsert(let query): query.input
        case .aggregate(let query): query.input
        }
    }
}

package struct UpsertQuery: Codable, Hashable, Sendable {
    package var input: String
    package var joins: [JoinClause]
    package var filter: Expression?
    package var keys: [Expression]
    /// In the order of `TableEntry.columns`.
    package var values: [Expression]
    package var delete: Expression?

    package init(
        input: String, joins: [JoinClause] = [], filter: Expression?, keys: [Expression], values: [Expression],
        delete: Expression?
    ) {
        self.input = input
        self.joins = joins
        self.filter = filter
        self.keys = keys
        self.values = values
        self.delete = delete
    }
}

extension UpsertQuery {
    /// Those of former Masers have no joins.
    package init(from decoder: any Decoder) throws {
        let query = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            input: try query.decode(String.self, forKey: .input),
            joins: try query.decodeIfPresent([JoinClause].self, forKey: .joins) ?? [],
            filter: try query.decodeIfPresent(Expression.self, forKey: .filter),
            keys: try query.decode([Expression].self, forKey: .keys),
            values: try query.decode([Expression].self, forKey: .values),
            delete: try query.decodeIfPresent(Expression.self, forKey: .delete))
    }
}

package struct AggregateQuery: Codable, Hashable, Sendable {
    package var input: String
    package var joins: [JoinClause]
    package var filter: Expression?
    /// The GROUP BY list; `window_start`, where the table has panes, comes from the event time and is not in it.
    package var keys: [Expression]
    /// One for each of `TableEntry.stateFields`, in their order.
    package var arguments: [StateArguments]

    package init(
        input: String, joins: [JoinClause] = [], filter: Expression?, keys: [Expression], arguments: [StateArguments]
    ) {
        self.input = input
        self.joins = joins
        self.filter = filter
        self.keys = keys
        self.arguments = arguments
    }
}

extension AggregateQuery {
    /// Those of former Masers have no joins.
    package init(from decoder: any Decoder) throws {
        let query = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            input: try query.decode(String.self, forKey: .input),
            joins: try query.decodeIfPresent([JoinClause].self, forKey: .joins) ?? [],
            filter: try query.decodeIfPresent(Expression.self, forKey: .filter),
            keys: try query.decode([Expression].self, forKey: .keys),
            arguments: try query.decode([StateArguments].self, forKey: .arguments))
    }
}

/// What one state field takes from a record.
package struct StateArguments: Codable, Hashable, Sendable {
    /// None for COUNT(*); one for most; x and y for MIN_BY and MAX_BY. COUNT_IF(p) is COUNT(*) with the condition p.
    /// FIRST and LAST take the event time as well, which is not listed.
    package var expressions: [Expression]
    /// Records for which it does not hold are passed over; nil: all count.
    package var condition: Expression?

    package init(expressions: [Expression], condition: Expression? = nil) {
        self.expressions = expressions
        self.condition = condition
    }
}

/// One generation of a table's data.
package struct VersionEntry: Codable, Hashable, Sendable {
    package var number: UInt32
    /// Microseconds since 1970.
    package var createdAt: Int64
    /// What made it, for people: `live`, or the loaded files.
    package var origin: String
    /// Rows that a load put in; nil for a version fed by a category.
    package var loadedRows: Int64?
    /// Where the records of its category begin for it: of a backfill, and of a load that goes on with a category; nil for a
    /// version that began where its input table does.
    package var backfill: Backfill?
    /// The load that it came from; nil for a version fed by a category alone.
    package var load: LoadRecord?
    /// Rises with each version that begins to serve; nil for one that has served all along, or never did.
    package var servedSerial: Int64?
    /// A rollback left it, or went past it, for one that served before; nil where none did, or it serves again since.
    package var isRolledBack: Bool?

    package init(
        number: UInt32, createdAt: Int64, origin: String, loadedRows: Int64? = nil, backfill: Backfill? = nil,
        load: LoadRecord? = nil
    ) {
        self.number = number
        self.createdAt = createdAt
        self.origin = origin
        self.loadedRows = loadedRows
        self.backfill = backfill
        self.load = load
    }
}

extension VersionEntry {
    /// It is made from history, and has not caught up yet.
    package var isBuilding: Bool { backfill.map { !$0.isComplete } ?? false }
    /// Its checks failed, and nobody let it serve since: it follows, and waits for a person.
    package var isHeld: Bool { load.map { !$0.isForced && $0.checks.contains { !$0.isPassed } } ?? false }
}

/// What is kept of a load.
package struct LoadRecord: Codable, Hashable, Sendable {
    /// XXH3-64 of its manifest, as 16 hexadecimal digits.
    package var manifest: String
    /// nil where no category feeds the table.
    package var cut: Cut?
    /// Empty until they are made, which a version that goes on with a category is caught up for.
    package var checks: [VersionCheck]
    /// A person let it serve, whatever the checks find.
    package var isForced: Bool

    package init(manifest: String, cut: Cut? = nil, checks: [VersionCheck] = [], isForced: Bool = false) {
        self.manifest = manifest
        self.cut = cut
        self.checks = checks
        self.isForced = isForced
    }
}

/// A version that is made from a category's history.
package struct Backfill: Codable, Hashable, Sendable {
    /// By bucket, the first record that it counts; a bucket beyond them began later, and counts from 0.
    package var startOffsets: [Int64]
    /// It has caught up once, and shares the reader of the versions beside it.
    package var isComplete: Bool

    package init(startOffsets: [Int64], isComplete: Bool = false) {
        self.startOffsets = startOffsets
        self.isComplete = isComplete
    }
}
