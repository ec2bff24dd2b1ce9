internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets a former version of a table serve again, at once.",
        discussion: """
            The versions that `maser versions` lists have followed the category all along: what serves is current. Without a \
            number it is the one that served before. A version that is held back by its checks is let serve so too.

              maser rollback delay_by_route
              maser rollback delay_by_route 4
            """)

    @Argument(help: "The table.")
    var table: String

    @Argument(help: "The version that is to serve.")
    var version: UInt32?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if version == 0 { throw ValidationError("versions are numbered from 1") }
    }

    mutating func run() async throws {
        let (table, version) = (table, version)
        let done = try await withClient(connection) { try await $0.rollback(table, to: version) }
        if output.json {
            return try Output.standard.json(Answer(table: table, version: done.version, former: done.former))
        }
        if done.version == done.former {
            return Output.standard.line("version \(done.version) of \(table) serves already")
        }
        Output.standard.line(
            "version \(done.version) of \(table) serves in place of \(done.former); `maser rollback \(table) \(done.former)` "
                + "takes it back")
    }

    private struct Answer: Encodable {
        var table: String
        var version: UInt32
        var former: UInt32
    }
}
