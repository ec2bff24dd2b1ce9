import Foundation
import Glibc
import MaserClient

/// A server with mutual TLS on a free loopback port, over a data folder that survives its deaths.
final class ServerProcess {
    struct DidNotStart: Error, CustomStringConvertible {
        let description: String
    }

    let folder: TemporaryFolder
    private(set) var port: Int
    private var process: Process?
    private var starts = 0
    /// Besides those that it always has.
    var flags: [String] = []

    var data: String { folder.path + "/data" }
    var certificates: String { folder.path + "/certs" }

    /// What a client command needs to reach it.
    var environment: [String: String] {
        [
            "MASER_ENDPOINT": "127.0.0.1:\(port)", "MASER_CA": certificates + "/ca.pem",
            "MASER_CERT": certificates + "/client.pem", "MASER_KEY": certificates + "/client.key",
        ]
    }

    /// What a client in this process needs.
    var configuration: ClientConfiguration {
        ClientConfiguration(
            endpoint: Endpoint(host: "127.0.0.1", port: port),
            security: .tls(
                ca: certificates + "/ca.pem", certificate: certificates + "/client.pem",
                key: certificates + "/client.key"),
            timeout: .seconds(5))
    }

    init() throws {
        folder = try TemporaryFolder()
        port = 0
        let outcome = try MaserBinary.run(["certs", certificates])
        guard outcome.exitCode == 0 else { throw DidNotStart(description: "maser certs: \(outcome.errors)") }
    }

    deinit {
        kill(SIGKILL)
    }

    /// Starts it and waits until it listens. Later starts take the same port, so that clients find it again.
    func start() throws {
        try spawn()
        let line = try waitForLine(startingWith: "listening on ")
        guard let number = line.split(separator: " ")[2].split(separator: ":").last.flatMap({ Int($0) }) else {
            throw DidNotStart(description: "cannot read the port from \"\(line)\"")
        }
        port = number
    }

    /// Starts it without waiting.
    func spawn() throws {
        starts += 1
        FileManager.default.createFile(atPath: logPath, contents: nil)
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logPath))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: MaserBinary.path)
        process.arguments =
            [
                "serve", "--data", data, "--endpoint", "127.0.0.1:\(port)", "--operations", "127.0.0.1:0",
                "--ca", certificates + "/ca.pem", "--cert", certificates + "/server.pem",
                "--key", certificates + "/server.key", "--memory", "256MiB",
            ] + flags
        process.standardOutput = log
        process.standardError = log
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    /// Without waiting for anything.
    func send(_ signal: Int32) {
        if let process, process.isRunning { Glibc.kill(process.processIdentifier, signal) }
    }

    var isRunning: Bool { process?.isRunning ?? false }

    /// Ends it with a signal and waits for its end.
    @discardableResult
    func kill(_ signal: Int32) -> Int32? {
        guard let process else { return nil }
        if process.isRunning { Glibc.kill(process.processIdentifier, signal) }
        process.waitUntilExit()
        self.process = nil
        return process.terminationStatus
    }

    func maser(_ arguments: [String], input: String = "") throws -> MaserBinary.Outcome {
        try MaserBinary.run(arguments, environment: environment, input: input)
    }

    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    private var logPath: String { folder.path + "/server-\(starts).log" }

    /// The first line of the log that starts so.
    func waitForLine(startingWith prefix: String, seconds: Double = 60) throws -> String {
        try waitForLine("starting with \"\(prefix)\"", seconds) { $0.hasPrefix(prefix) }
    }

    func waitForLine(containing words: String, seconds: Double = 10) throws -> String {
        try waitForLine("with \"\(words)\"", seconds) { $0.contains(words) }
    }

    private func waitForLine(_ which: String, _ seconds: Double, _ isIt: (Substring) -> Bool) throws -> String {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while Date() < deadline {
            if let line = log.split(separator: "\n").first(where: isIt) { return String(line) }
            if !isRunning { break }
            usleep(5_000)
        }
        throw DidNotStart(description: "the server printed no line \(which) but:\n\(log)")
    }
}

extension ServerProcess {
    struct NotApplied: Error, CustomStringConvertible {
        let description: String
    }

    /// Waits until every app has applied everything that its inputs hold.
    func waitUntilApplied(seconds: Double = 60) throws {
        let deadline = Date(timeIntervalSinceNow: seconds)
        var last = ""
        while Date() < deadline {
            let outcome = try maser(["status", "--json"])
            last = outcome.output + outcome.errors
            let buckets = outcome.lines.compactMap(Lag.init)
            if outcome.exitCode == 0, !buckets.isEmpty, buckets.allSatisfy({ $0.records == 0 }) { return }
            usleep(20_000)
        }
        throw NotApplied(description: "records are still waiting after \(seconds) s:\n\(last)\n\(log)")
    }

    /// A line of `maser status --json` about a bucket that an app follows.
    private struct Lag {
        let records: Int64

        init?(_ line: String) {
            guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let position = (object["position"] as? NSNumber)?.int64Value,
                let end = (object["end"] as? NSNumber)?.int64Value
            else { return nil }
            records = end - position
        }
    }
}
