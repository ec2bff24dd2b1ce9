internal import MaserClient
internal import RPC

private let patience = Duration.seconds(60)

/// Returns the version when it is built, which most serve then. Where something keeps it from being built, that is said once; it
/// goes on when that is gone. So does a server that starts anew, which is waited for.
func waitUntilBuilt(_ client: Client, _ table: String, _ version: UInt32) async throws -> WireVersionDescriptor {
    let progress = ProgressBar("version \(version) of \(table)")
    defer { progress.finish() }
    var greatestLag: Int64 = 0
    var said = ""
    var lastAnswer = ContinuousClock.now
    while true {
        let descriptor: WireTableDescriptor
        do {
            descriptor = try await client.describe(table: table)
            lastAnswer = .now
        } catch {
            let passes = error.isRetriable || error.code == .connectionFailed
            guard passes, ContinuousClock.now - lastAnswer < patience else { throw error }
            continue
        }
        guard let built = descriptor.versions.first(where: { $0.number == version }) else {
            throw CommandError("version \(version) of \(table) is gone: it was dropped, or the table")
        }
        if built.state != "building" { return built }
        if !built.failure.isEmpty, built.failure != said {
            said = built.failure
            standardError("maser: version \(version) of \(table) waits: \(said)")
        }
        let lag = built.lagRecords
        greatestLag = max(greatestLag, lag)
        progress.show(
            greatestLag == 0 ? nil : 1 - Double(lag) / Double(greatestLag), "\(HumanText.count(lag)) records to go")
        try await Task.sleep(for: .milliseconds(100))
    }
}
