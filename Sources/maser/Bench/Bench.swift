internal import ArgumentParser

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a running server: lookups, ingest, loads, freshness.",
        discussion: """
              maser bench lookup delay_by_route
              maser bench ingest
              maser bench load
              maser bench visible --json visible.json

            Every figure is the median of --runs runs. What ingest, load and visible need they make themselves: app \
            \(BenchApp.name), which is deleted afterwards with its tables, category \(BenchApp.name), which stays with its \
            records, and table \(BenchApp.loadedTable), which keeps one row. Say with the figures on which machine both sides \
            ran.
            """,
        subcommands: [
            BenchLookup.self, BenchIngest.self, BenchLoad.self, BenchVisible.self, BenchEvents.self, BenchWait.self,
        ])
}

struct BenchOptions: ParsableArguments {
    @Option(help: "Runs, of which the median counts.")
    var runs = 3

    @Option(name: .customLong("json"), help: "Write every figure by name into this file.")
    var jsonFile: String?

    func validate() throws {
        if runs < 1 { throw ValidationError("--runs is \(runs), but at least one run is needed") }
    }
}
