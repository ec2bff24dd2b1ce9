internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import Server

/// `maser`: one command a file in Commands.
@main
struct Maser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maser",
        abstract:
            "Serves results that are already computed: keys and rows, kept fresh by categories, loaded in batches.",
        discussion: """
            A first try, in one shell:

              maser certs certs
              maser serve --data data --ca certs/ca.pem \\
                  --cert certs/server.pem --key certs/server.key

            and in another:

              export MASER_CA=certs/ca.pem
              export MASER_CERT=certs/client.pem MASER_KEY=certs/client.key
              maser deploy tools/examples/delays.sql
              tools/examples/fetch flights
              maser append flights flights/flights.jsonl
              maser get delay_by_route EWR,SFO,2013-07-04

            Every command that speaks to a server takes --endpoint, --ca, --cert and --key, or MASER_ENDPOINT, MASER_CA, \
            MASER_CERT and MASER_KEY; --json prints one JSON object a line. Exit codes: 0 done, 1 refused or failed, \
            2 wrong usage.
            """,
        version: MaserServer.version,
        groupedSubcommands: [
            CommandGroup(name: "Server", subcommands: [Serve.self, Certs.self, Status.self]),
            CommandGroup(
                name: "Apps and tables",
                subcommands: [
                    Deploy.self, Stop.self, Start.self, Delete.self, Apps.self, Tables.self, Describe.self,
                ]),
            CommandGroup(
                name: "Data in",
                subcommands: [Append.self, Tail.self, Categories.self, CutCommand.self]),
            CommandGroup(
                name: "Versions", subcommands: [Load.self, Backfill.self, Versions.self, Rollback.self]),
            CommandGroup(name: "Data out", subcommands: [Get.self, Scan.self, Fold.self]),
            CommandGroup(name: "Without a server", subcommands: [Run.self, BuildVersion.self]),
            CommandGroup(name: "Measuring", subcommands: [Bench.self]),
        ])

    static func main() async {
        var running: (any ParsableCommand.Type)?
        do {
            var command = try parseAsRoot()
            running = type(of: command)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Output.standard.flush()
        } catch {
            Output.standard.flush()
            Foundation.exit(report(error, of: running))
        }
    }

    /// Says what went wrong in one line (an error in SQL takes the lines that show the place) and returns the exit code.
    ///
    /// `running` is nil where no command had begun.
    private static func report(_ error: any Error, of running: (any ParsableCommand.Type)?) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        switch exitCode(for: error) {
        case .success:
            // --help and --version arrive here too.
            print(fullMessage(for: error))
            return 0
        case .validationFailure:
            standardError("maser: \(unknownCommand ?? message(for: error))\(helpToRead(for: error, of: running))")
            return 2
        default:
            let isUnreached = (error as? ClientError)?.code == .connectionFailed
            standardError(
                "maser: \(error)"
                    + (isUnreached ? "; is the server running, and at the --endpoint or MASER_ENDPOINT given?" : ""))
            return 1
        }
    }
}

/// What stands where a command should; the library only says that it is superfluous.
private var unknownCommand: String? {
    guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-"), name != "help",
        !Maser.configuration.subcommands.contains(where: { $0._commandName == name })
    else { return nil }
    return "there is no command \(name)"
}

/// The end of the library's own message names the help of the command that was meant, but not once that runs.
private func helpToRead(for error: any Error, of running: (any ParsableCommand.Type)?) -> String {
    if let running, Maser.configuration.subcommands.contains(where: { $0 == running }) {
        return "; see 'maser \(running._commandName) --help'"
    }
    let quoted = Maser.fullMessage(for: error).split(separator: "'", omittingEmptySubsequences: false)
    return quoted.count > 2 ? "; see '\(quoted[quoted.count - 2])'" : ""
}

/// Why a command failed, as one line that says what to do. Exit code 1; what is wrong usage is a `ValidationError`.
struct CommandError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
