internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct Apps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the apps: what each reads and fills, and whether it runs.", discussion: "  maser apps")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let apps = try await withClient(connection) { client in try await client.apps() }
        if output.json {
            for app in apps { try Output.standard.json(Answer(app)) }
            return
        }
        var table = TextTable([
            .init(name: "app"), .init(name: "state"), .init(name: "generation", isNumber: true),
            .init(name: "deployed"),
            .init(name: "reads"), .init(name: "fills"),
        ])
        for app in apps {
            let state = app.failure.isEmpty ? app.state : "\(app.state): \(app.failure)"
            table.append([
                app.name, state, String(app.generation), HumanText.moment(app.deployedAt),
                app.inputs.joined(separator: ", "), (app.tables + app.outputs).uniqued().joined(separator: ", "),
            ])
        }
        table.print()
    }

    private struct Answer: Encodable {
        var app: String
        var state: String
        var failure: String?
        var deployedAt: String
        var inputs: [String]
        var tables: [String]
        var outputs: [String]
        var generation: UInt32

        init(_ app: WireAppDescriptor) {
            self.app = app.name
            state = app.state
            failure = app.failure.isEmpty ? nil : app.failure
            deployedAt = Records.Timestamp.format(app.deployedAt)
            inputs = app.inputs
            tables = app.tables
            outputs = app.outputs
            generation = app.generation
        }
    }
}

extension [String] {
    /// An output category of panes has the name of its table.
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
