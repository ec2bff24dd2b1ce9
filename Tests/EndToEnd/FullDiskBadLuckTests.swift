import Foundation
import Glibc
import MaserClient
import Synchronization
import Testing

@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "this user may not mount a file system"))
struct FullDiskBadLuckTests {
    private static let recordsPerAppend = 8

    private static func noise(_ byteCount: Int) throws -> String {
        let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
        return try source.read(upToCount: byteCount)?.base64EncodedString() ?? ""
    }

    /// Records whose notes no compression makes smaller. Each call of `maser` sends them in one request.
    private func records(_ ids: Range<Int>) throws -> String {
        try ids.map { id in
            let noise = try Self.noise(48 << 10)
            return #"{"at": "2024-03-01T00:00:00Z", "id": \#(id), "amount": \#(id), "note": "\#(noise)"}"# + "\n"
        }.joined()
    }

    @Test func aFullDiskRefusesAppendsAndEveryAcknowledgedRecordCountsOnce() throws {
        let server = try ServerProcess()
        let disk = try SmallDisk(at: server.data, megabytes: 96)
        defer { server.kill(SIGKILL) }
        try BadLuckTests.deploy(to: server)
        try disk.fill(leaving: 3 << 20)

        var acknowledged: Set<Int> = []
        var uncertain: Set<Int> = []
        var next = 0
        func append() throws -> MaserBinary.Outcome {
            let ids = next..<next + Self.recordsPerAppend
            next = ids.upperBound
            let outcome = try server.maser(["append", "orders"], input: try records(ids))
            if outcome.exitCode == 0 { acknowledged.formUnion(ids) }
            if outcome.errors.contains("whether it was done is not known") { uncertain.formUnion(ids) }
            return outcome
        }
        var refusals = 0
        for _ in 0..<60 where refusals < 3 {
            let outcome = try append()
            if outcome.exitCode == 0 { continue }
            refusals += 1
            #expect(outcome.exitCode == 1)
            expectOneClearLine(outcome.errors, mentions: ["the server's disk is full, make room"])
            let isUncertain = outcome.errors.contains("not known")
            #expect(outcome.errors.contains("try again") == !isUncertain, "\(outcome.errors)")
        }
        #expect(refusals == 3, "the disk never filled up: \(acknowledged.count) records")
        #expect(server.isRunning)
        for _ in 0..<3 {
            let status = try server.maser(["status"])
            #expect(status.exitCode == 0, "\(status.errors)")
            let scanned = try server.maser(["scan", "cities", "--json"])
            #expect(scanned.lines == BadLuckTests.paris, "\(scanned.errors)")
        }

        try disk.makeRoom()
        let again = try append()
        #expect(again.exitCode == 0, "\(again.errors)")
        try check(server, acknowledged, uncertain)
        server.kill(SIGKILL)
        try server.start()
        try check(server, acknowledged, uncertain)
        #expect(try server.maser(["scan", "cities", "--json"]).lines == BadLuckTests.paris)
        #expect(server.kill(SIGTERM) == 0)
    }

    /// Once each, and nothing of what was refused for certain.
    private func check(_ server: ServerProcess, _ acknowledged: Set<Int>, _ uncertain: Set<Int>) throws {
        try server.waitUntilApplied()
        let scanned = try server.maser(["scan", "by_id", "--json"])
        #expect(scanned.exitCode == 0, "\(scanned.errors)")
        var counted: Set<Int> = []
        for line in scanned.lines {
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Int] ?? [:]
            let id = try #require(row["id"])
            counted.insert(id)
            #expect(row == ["id": id, "times": 1, "amount": id])
        }
        #expect(counted.isSuperset(of: acknowledged), "lost: \(acknowledged.subtracting(counted).sorted())")
        let strangers = counted.subtracting(acknowledged).subtracting(uncertain)
        #expect(strangers.isEmpty, "refused, and there: \(strangers.sorted())")
    }

    /// The store that could not write stays open for reading until there is room for another.
    @Test func lookupsAnswerRightAllTheWhileTheDiskIsFull() async throws {
        let server = try ServerProcess()
        let disk = try SmallDisk(at: server.data, megabytes: 96)
        defer { server.kill(SIGKILL) }
        try BadLuckTests.deploy(to: server)
        let first = 40
        #expect(try server.maser(["append", "orders"], input: try records(0..<first)).exitCode == 0)
        try server.waitUntilApplied()

        let reader = try await SteadyReader.start(server.configuration, ids: 0..<first)
        try disk.fill(leaving: 3 << 20)
        var acknowledged = Set(0..<first)
        var uncertain: Set<Int> = []
        var next = first
        var refusals = 0
        for _ in 0..<60 where refusals < 3 {
            let ids = next..<next + Self.recordsPerAppend
            next = ids.upperBound
            let outcome = try server.maser(["append", "orders"], input: try records(ids))
            if outcome.exitCode == 0 { acknowledged.formUnion(ids) }
            if outcome.errors.contains("whether it was done is not known") { uncertain.formUnion(ids) }
            if outcome.exitCode != 0 { refusals += 1 }
        }
        #expect(refusals == 3, "the disk never filled up: \(acknowledged.count) records")

        // Many a look by the same client, and by newcomers, by every kind of lookup.
        try await reader.waitForRounds(200)
        for id in [0, first / 2, first - 1] {
            let row = #"{"id":\#(id),"times":1,"amount":\#(id)}"#
            #expect(try server.maser(["get", "by_id", "\(id)", "--json"]).lines == [row])
            #expect(try server.maser(["scan", "by_id", "\(id)", "--json"]).lines == [row])
        }
        #expect(try server.maser(["get", "cities", "Paris", "--json"]).lines == BadLuckTests.paris)
        #expect(try server.maser(["get", "by_id", "\(next + 1)", "--json"]).lines == ["null"])
        #expect(try server.maser(["append", "orders"], input: try records(next..<next + 40)).exitCode == 1)

        try disk.makeRoom()
        #expect(
            try server.maser(["append", "orders"], input: try records(next + 40..<next + 48)).exitCode == 0)
        acknowledged.formUnion(next + 40..<next + 48)
        uncertain.formUnion(next..<next + 40)
        try check(server, acknowledged, uncertain)
        try await reader.waitForRounds(50)
        #expect(await reader.stop() == [])
    }

    @Test func aFullDiskRefusesALoadAndTheServingVersionStays() throws {
        let server = try ServerProcess()
        let disk = try SmallDisk(at: server.data, megabytes: 96)
        defer { server.kill(SIGKILL) }
        try BadLuckTests.deploy(to: server)
        try disk.fill(leaving: 1 << 20)
        var text = "city,country,people\n"
        for city in 0..<2000 {
            let noise = try Self.noise(1500)
            text += "city\(city),\(noise),\(city)\n"
        }
        let load = [
            "load", "cities", try server.folder.write("great.csv", text), "--work", server.folder.path + "/work",
        ]
        try expectRefusal(
            load, environment: server.environment, mentions: "the server's disk is full", "make room and try again")
        #expect(try server.maser(["scan", "cities", "--json"]).lines == BadLuckTests.paris)
        try disk.makeRoom()
        let loaded = try server.maser(load)
        #expect(loaded.exitCode == 0, "\(loaded.errors)")
        #expect(try server.maser(["scan", "cities", "--json"]).lines.count == 2000)
        server.kill(SIGKILL)
        try server.start()
        #expect(try server.maser(["scan", "cities", "--json"]).lines.count == 2000)
    }
}

/// Looks rows up on one connection, again and again, and keeps what was not right.
private final class SteadyReader: Sendable {
    private let wrong = Mutex<[String]>([])
    private let rounds = Mutex(0)
    private let task = Mutex<Task<Void, Never>?>(nil)

    static func start(_ configuration: ClientConfiguration, ids: Range<Int>) async throws -> SteadyReader {
        let reader = SteadyReader()
        let client = try await Client.connect(configuration)
        let byID = try await client.table("by_id")
        reader.task.withLock { task in
            task = Task {
                defer { client.close() }
                while !Task.isCancelled {
                    for id in ids {
                        do {
                            let row = try await byID.get(id)
                            let (times, amount) = (try row?["times", as: Int.self], try row?["amount", as: Int.self])
                            if times != 1 || amount != id { reader.note("\(id): \(String(describing: row))") }
                        } catch {
                            if !Task.isCancelled { reader.note("\(id): \(error)") }
                        }
                    }
                    reader.rounds.withLock { $0 += 1 }
                }
            }
        }
        return reader
    }

    private func note(_ words: String) {
        wrong.withLock { if $0.count < 10 { $0.append(words) } }
    }

    /// Until so many more rounds have ended.
    func waitForRounds(_ count: Int) async throws {
        let goal = rounds.withLock { $0 } + count
        let deadline = ContinuousClock.now + .seconds(60)
        while rounds.withLock({ $0 }) < goal, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(rounds.withLock { $0 } >= goal, "lookups stand still")
    }

    func stop() async -> [String] {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
        return wrong.withLock { $0 }
    }
}
