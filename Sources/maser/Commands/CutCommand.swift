internal import ArgumentParser
internal import MaserClient

struct CutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut",
        abstract: "Prints a place in every bucket of a category, at which a load ends and the category goes on.",
        discussion: """
              maser cut flights > cut.json
              maser cut flights --at 2013-07-01T00:00:00Z > cut.json
              maser load delay_by_route history/ --cut cut.json

            Without --at it lies behind all records there are. The files that are loaded with it hold exactly the records before it: \
            they count once, in the load, and each later one counts once as well (Protocols/cut.md).
            """)

    @Argument(help: "The category.")
    var category: String

    @Option(help: "Before the first record appended at this time or later.")
    var at: Moment?

    @OptionGroup var connection: ConnectionOptions
    /// What is printed is JSON either way.
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let (category, at) = (category, at)
        let bytes = try await withClient(connection) { try await $0.cut(category, at: at?.microseconds) }
        Output.standard.line(String(decoding: bytes, as: UTF8.self))
    }
}
