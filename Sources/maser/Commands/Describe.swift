internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Describes a table: its columns, what fills it, the SQL that made it.",
        discussion: """
              maser describe delay_by_route
              maser describe delay_by_route --proto > delay_by_route.proto
              maser describe delay_by_route --descriptor > delay_by_route.json

            From the .proto any language generates classes for the table's keys (XKey), rows (X) and states (XState). The \
            descriptor is what `maser build-version` has to know.
            """)

    @Argument(help: "The table.")
    var table: String

    @Flag(help: "Print a .proto file.")
    var proto = false

    @Flag(help: "Print what `maser build-version` has to know, as JSON.")
    var descriptor = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if proto, descriptor { throw ValidationError("--proto and --descriptor print two things: give one of them") }
    }

    mutating func run() async throws {
        let name = table
        if descriptor {
            let bytes = try await withClient(connection) { try await $0.loadDescriptor(of: name) }
            return Output.standard.line(String(decoding: bytes, as: UTF8.self))
        }
        let table = try await withClient(connection) { client in try await client.describe(table: name) }
        if proto {
            Output.standard.line(try protoText(of: table))
        } else if output.json {
            try Output.standard.json(TableAnswer(table))
        } else {
            printDescription(table)
        }
    }

    private func printDescription(_ table: WireTableDescriptor) {
        var facts = [("table", "\(table.name) (id \(table.id), schema revision \(table.schemaRevision))")]
        let app = table.app.isEmpty ? "no app now" : "app \(table.app)"
        switch table.source {
        case "loads": facts.append(("filled by", "loads: maser load \(table.name) FILE"))
        case "upsert": facts.append(("filled by", "\(app), the latest row of \(table.input) by key"))
        default: facts.append(("filled by", "\(app), aggregating \(table.input)"))
        }
        if table.paneMicroseconds > 0 {
            let zone = table.paneZone.isEmpty ? "UTC" : table.paneZone
            facts.append(("panes", "\(HumanText.span(table.paneMicroseconds)), in \(zone)"))
        }
        if table.lifetimeMicroseconds > 0 {
            facts.append(("lifetime", HumanText.span(table.lifetimeMicroseconds)))
        }
        let leading = table.keyColumns.prefix(Int(table.shardColumns)).map(\.name).joined(separator: ", ")
        facts.append(("shards", "\(table.shardCount), by \(leading)"))
        facts.append(("version", table.servingVersion == 0 ? "none serves yet" : "\(table.servingVersion) serves"))
        printSheet(facts)

        Output.standard.line()
        var columns = TextTable([
            .init(name: "column"), .init(name: "type"), .init(name: "field", isNumber: true), .init(name: ""),
        ])
        for column in table.keyColumns { columns.append([column.name, column.type, "", "key"]) }
        for column in table.columns {
            columns.append([column.name, column.type, String(column.number), column.expression])
        }
        columns.print()

        Output.standard.line()
        Output.standard.line(table.sql)
    }
}

/// A table as `--json` shows it.
struct TableAnswer: Encodable {
    struct Column: Encodable {
        var name: String
        var type: String
        var number: UInt32?
        var expression: String?

        init(_ column: WireColumnDescriptor) {
            name = column.name
            type = column.type
            number = column.number == 0 ? nil : column.number
            expression = column.expression.isEmpty ? nil : column.expression
        }
    }

    struct State: Encodable {
        var number: UInt32
        var name: String
        var monoid: String
        var types: [String]
    }

    var table: String
    var id: UInt32
    var schemaRevision: UInt32
    var source: String
    var app: String?
    var input: String?
    var keyColumns: [Column]
    var columns: [Column]
    var states: [State]
    var shards: UInt32
    var shardColumns: UInt32
    var paneSeconds: Double?
    var paneZone: String?
    var lifetimeSeconds: Double?
    var servingVersion: UInt32
    var versions: [VersionAnswer]
    var sql: String

    init(_ table: WireTableDescriptor) {
        self.table = table.name
        id = table.id
        schemaRevision = table.schemaRevision
        source = table.source
        app = table.app.isEmpty ? nil : table.app
        input = table.input.isEmpty ? nil : table.input
        keyColumns = table.keyColumns.map(Column.init)
        columns = table.columns.map(Column.init)
        states =
            table.source != "aggregate"
            ? []
            : table.states.map {
                State(number: $0.number, name: $0.name, monoid: $0.monoid, types: $0.types)
            }
        shards = table.shardCount
        shardColumns = table.shardColumns
        paneSeconds = table.paneMicroseconds > 0 ? Double(table.paneMicroseconds) / 1e6 : nil
        paneZone = table.paneZone.isEmpty ? nil : table.paneZone
        lifetimeSeconds = table.lifetimeMicroseconds > 0 ? Double(table.lifetimeMicroseconds) / 1e6 : nil
        servingVersion = table.servingVersion
        versions = table.versions.map { VersionAnswer($0, isServing: $0.number == table.servingVersion) }
        sql = table.sql
    }
}
