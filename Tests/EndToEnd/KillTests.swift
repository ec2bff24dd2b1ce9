import Foundation
import Glibc
import MaserClient
import Testing

/// Kills the server with SIGKILL at random moments, again and again, while a client appends and sends again whatever got no
/// answer. Afterwards the tables hold every acknowledged record once, no record twice, and none
/// that was never sent.
///
/// `MASER_KILLS` sets how many kills each phase gets; more take longer and prove more.
@Suite(.serialized) struct KillTests {
    enum Phase: String, CaseIterable {
        case append
        case deploy
        case load
        case start
    }

    static let app = """
        CREATE APPLICATION events OPTIONS (checkpoint = '10 ms');
        CREATE CATEGORY events BUCKETS 4 BY id FORMAT JSON;
        CREATE INPUT TABLE events (id INT64, team INT64, amount INT64) FROM CATEGORY 'events';
        CREATE TABLE by_id AS SELECT id, COUNT(*) AS times, SUM(amount) AS amount FROM events GROUP BY id;
        CREATE TABLE by_team AS SELECT team, COUNT(*) AS times, SUM(amount) AS amount FROM events GROUP BY team;
        CREATE TABLE generations (id INT64, generation INT64) PRIMARY KEY (id);
        """

    @Test(.timeLimit(.minutes(20))) func everyAcknowledgedRecordCountsOnceThroughAnyKill() async throws {
        let killsPerPhase = max(5, Int(ProcessInfo.processInfo.environment["MASER_KILLS"] ?? "") ?? 5)
        let drill = try KillDrill()
        try drill.begin(Self.app)
        let ledger = Ledger()
        let appending = Appender(ledger, drill.configuration)
        let appender = Task { await appending.run() }
        for phase in Phase.allCases + Phase.allCases { try await drill.kill(during: phase, ledger) }
        for phase in Phase.allCases {
            // A command may be done before the kill comes: that one is a kill too, but not the one wanted.
            for _ in 0..<killsPerPhase * 5 where drill.kills[phase, default: 0] < killsPerPhase {
                try await drill.kill(during: phase, ledger)
            }
        }
        // The last appends meet a server that lives.
        try await Task.sleep(for: .milliseconds(200))
        await ledger.stop()
        await appender.value
        try drill.server.waitUntilApplied()
        for phase in Phase.allCases { #expect(drill.kills[phase, default: 0] >= killsPerPhase, "\(phase)") }
        try await check(drill, ledger)
        #expect(drill.server.kill(SIGTERM) == 0)
    }

    private func check(_ drill: KillDrill, _ ledger: Ledger) async throws {
        let (sent, acknowledged) = await (ledger.sent, ledger.acknowledged)
        #expect(acknowledged.count > 100, "the drill appended next to nothing")
        let client = try await Client.connect(drill.configuration)
        defer { client.close() }
        var counted: Set<Int> = []
        var teams: [Int: (times: Int, amount: Int)] = [:]
        for try await row in try await client.table("by_id").scan() {
            let id = try #require(try row["id", as: Int.self])
            let times = try row["times", as: Int.self]
            let amount = try row["amount", as: Int.self]
            #expect(times == 1, "record \(id)")
            #expect(amount == Event(id: id).amount)
            counted.insert(id)
            let event = Event(id: id)
            teams[event.team, default: (0, 0)].times += 1
            teams[event.team, default: (0, 0)].amount += event.amount
        }
        #expect(counted.isSuperset(of: acknowledged), "lost: \(acknowledged.subtracting(counted).sorted().prefix(10))")
        #expect(counted.isSubset(of: sent), "never sent: \(counted.subtracting(sent).sorted().prefix(10))")
        var teamCount = 0
        for try await row in try await client.table("by_team").scan() {
            let team = try #require(try row["team", as: Int.self])
            let times = try row["times", as: Int.self]
            let amount = try row["amount", as: Int.self]
            #expect(times == teams[team]?.times, "team \(team)")
            #expect(amount == teams[team]?.amount, "team \(team)")
            teamCount += 1
        }
        #expect(teamCount == teams.count)
        print(
            "\(drill.attempts) kills: \(sent.count) records sent, \(acknowledged.count) acknowledged, \(counted.count) counted"
        )
    }
}

/// A record of the drill: everything in it follows from its id.
struct Event {
    let id: Int
    var team: Int { id % 17 }
    var amount: Int { id % 1000 }
    var json: String { #"{"id": \#(id), "team": \#(team), "amount": \#(amount)}"# }
}

/// What was sent, and what the server has said it holds.
actor Ledger {
    private(set) var sent: Set<Int> = []
    private(set) var acknowledged: Set<Int> = []
    private(set) var isStopped = false

    func next(_ count: Int) -> Range<Int> {
        let ids = sent.count..<sent.count + count
        sent.formUnion(ids)
        return ids
    }

    func acknowledge(_ ids: Range<Int>) {
        acknowledged.formUnion(ids)
    }

    func stop() {
        isStopped = true
    }
}

/// Appends without end, each record at most once.
struct Appender {
    private let ledger: Ledger
    private let configuration: ClientConfiguration

    init(_ ledger: Ledger, _ configuration: ClientConfiguration) {
        self.ledger = ledger
        self.configuration = configuration
    }

    func run() async {
        var client: Client?
        while await !ledger.isStopped {
            guard let connected = client else {
                client = try? await Client.connect(configuration)
                if client == nil { try? await Task.sleep(for: .milliseconds(5)) }
                continue
            }
            let ids = await ledger.next(Int.random(in: 1...20))
            do {
                try await connected.category("events").append(ids.map { Record(value: Event(id: $0).json) })
                await ledger.acknowledge(ids)
            } catch {
                // Perhaps appended, perhaps not: these ids are not sent again.
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
        client?.close()
    }
}
