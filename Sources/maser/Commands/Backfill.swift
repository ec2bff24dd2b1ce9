internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC

struct Backfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Builds a table anew from its category's history, beside the version that serves.",
        discussion: """
            The new version reads the category from WHERE on with the table's own statement. When it has caught up with the \
            version that serves, it serves in its place, at once and for every reader; the former one follows on as a standby \
            (the server keeps 3 versions, or as many as `maser serve --versions` says). A server that is killed in between \
            goes on with it.

              maser backfill delay_by_route --from earliest
              maser backfill delay_by_route --from 2026-07-01 --no-wait

            A time is one of appending, not one in the records. earliest is the category's first record; where it no longer \
            keeps all that the table has counted, the command says from when on it does. A state that joined the table while \
            it was live presents NULL in older panes until a backfill.
            """)

    @Argument(help: "A table that an app fills.")
    var table: String

    @Option(
        help: "earliest, or a time: with the first record appended then or later.", transform: BackfillStart.read)
    var from: BackfillStart

    @Flag(name: .customLong("no-wait"), help: "Return when it is begun; `maser versions` shows how far it is.")
    var returnsAtOnce = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let time = from.time, time > Moment.now.microseconds {
            throw ValidationError("--from is yet to come, and a version from then on would serve nothing")
        }
    }

    mutating func run() async throws {
        let (table, from, returnsAtOnce, json) = (table, from, returnsAtOnce, output.json)
        try await withClient(connection) { client in
            let version = try await client.backfill(table, from: from.time)
            if !returnsAtOnce { _ = try await waitUntilBuilt(client, table, version) }
            if json {
                return try Output.standard.json(Answer(table: table, version: version, isServing: !returnsAtOnce))
            }
            Output.standard.line(
                returnsAtOnce
                    ? "version \(version) of \(table) is being built; `maser versions \(table)` shows how far it is"
                    : "version \(version) of \(table) serves")
        }
    }

    private struct Answer: Encodable {
        var table: String
        var version: UInt32
        var isServing: Bool
    }
}

/// Where a backfill begins.
enum BackfillStart: WrittenArgument {
    static let form = "earliest, or \(Moment.form)"

    case earliest
    case time(Int64)

    init?(argument: String) {
        if argument.lowercased() == "earliest" {
            self = .earliest
        } else if let moment = Moment(argument: argument) {
            self = .time(moment.microseconds)
        } else {
            return nil
        }
    }

    var time: Int64? {
        switch self {
        case .earliest: nil
        case .time(let time): time
        }
    }
}
