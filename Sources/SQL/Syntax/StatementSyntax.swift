internal import Catalog
internal import Records

/// A statement as it stands in a file.
struct StatementSyntax: Sendable {
    enum Kind: Sendable {
        case application(ApplicationSyntax)
        case category(CategorySyntax)
        case inputTable(InputTableSyntax)
        case table(TableSyntax)
    }

    var kind: Kind
    var offset: Int
    /// As it was written, without the semicolon.
    var text: String
}

struct ApplicationSyntax: Sendable {
    var name: Name
    var checkpointMilliseconds: Int?
    var watermarkConfidence: Double?
    var state: Semantics?
    var output: Semantics?
    /// Where `output`'s value stands, or `state`'s where there is none.
    var semanticsOffset: Int?
    var hasOptions = false
}

struct CategorySyntax: Sendable {
    var name: Name
    var buckets: Int?
    var bucketColumn: Name?
    var format: RecordFormat?
    var formatOffset: Int?
    var retention: Retention?
    var acknowledgement: Acknowledgement?
    var compression: Compression?
    var quotaBytesPerSecond: Int64?
    var quotaOffset: Int?
    var hasOptions = false
    /// Of an output category.
    var query: QuerySyntax?
}

struct InputTableSyntax: Sendable {
    struct Column: Sendable {
        var name: Name
        var type: ValueType
        var path: [String]?
        var pathOffset: Int?
        var unit: TimeUnit?
        var unitOffset: Int?
    }

    var name: Name
    var columns: [Column]
    var category: Name
    var start: InputTableEntry.Start?
    var time: Name?
}

struct TableSyntax: Sendable {
    struct Column: Sendable {
        var name: Name
        var type: ValueType
    }

    var name: Name
    /// Of a table that is filled by loads.
    var columns: [Column]?
    var shardColumns: [Name]?
    var shardOffset: Int?
    var lifetimeOffset: Int?
    var keyColumns: [Name]?
    var keyOffset: Int?
    var loadLimits: LoadLimits?
    var maxLagMicroseconds: Int64?
    var maxLagOffset: Int?
    var query: QuerySyntax?
}

struct QuerySyntax: Sendable {
    struct Item: Sendable {
        /// nil for `*` and `a.*`.
        var expression: ExpressionSyntax?
        /// The `a` of `a.*`.
        var starred: Name?
        var alias: Name?
        var offset: Int
    }

    struct PaneSyntax: Sendable {
        var widthMicroseconds: Int64
        var zone: Name?
        var offset: Int
    }

    /// `[LEFT] JOIN table [AS name] ON condition`
    struct JoinSyntax: Sendable {
        var table: Name
        var alias: Name?
        var keepsUnmatched: Bool
        var condition: ExpressionSyntax
        var offset: Int
    }

    var offset: Int
    var items: [Item]
    var input: Name
    var inputAlias: Name?
    var pane: PaneSyntax?
    var joins: [JoinSyntax] = []
    var filter: ExpressionSyntax?
    var groups: [ExpressionSyntax]?
    var groupOffset: Int?
    var delete: ExpressionSyntax?
    var deleteOffset: Int?
    var emission: PaneQuery.Emission?
    var emissionOffset: Int?

    var hasAggregates: Bool { groups != nil || items.contains { $0.expression?.containsAggregate == true } }
}
