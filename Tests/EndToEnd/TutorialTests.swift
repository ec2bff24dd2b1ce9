import Foundation
import MaserClient
import MaserClientSnippets
import Testing

/// What the client's documentation shows, against a server.
@Suite struct TutorialTests {
    private static let app = """
        CREATE APPLICATION delays OPTIONS (checkpoint = '20 ms');
        CREATE CATEGORY flights BUCKETS 2 BY dest FORMAT JSON;
        CREATE INPUT TABLE flights (scheduled TIMESTAMP, origin STRING, dest STRING, dep_delay DOUBLE)
            FROM CATEGORY 'flights' TIME scheduled;
        CREATE TABLE airports (faa STRING, name STRING) PRIMARY KEY (faa);
        CREATE TABLE delay_by_route SHARD BY (origin) AS
        SELECT origin, dest, COUNT(*) AS flights, AVG(dep_delay) AS mean_delay
        FROM flights [1 DAY] GROUP BY origin, dest;
        """

    @Test func theTutorialDoesWhatItSays() async throws {
        let server = try ServerProcess()
        try server.start()
        let (app, airports) = (
            try server.folder.write("delays.sql", Self.app),
            try server.folder.write("airports.csv", "faa,name\nSFO,San Francisco Intl\n")
        )
        for command in [["deploy", app], ["load", "airports", airports]] {
            let outcome = try server.maser(command)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
        }
        let day = try #require(Timestamp("2013-07-04"))
        let nextDay = try #require(Timestamp("2013-07-05"))
        let client = try await Client.connect(server.configuration)
        defer { client.close() }
        func flight(_ day: Timestamp, _ delay: Double) -> Record {
            Record(value: #"{"scheduled": "\#(day)", "origin": "EWR", "dest": "SFO", "dep_delay": \#(delay)}"#)
        }
        let ends = try await client.category("flights").append([flight(day, 1), flight(day, 2), flight(nextDay, 9)])
        let routes = try await client.table("delay_by_route")
        let row = try await routes.get("EWR", "SFO", day, options: ReadOptions(waitingFor: ends))
        #expect(try row?["mean_delay", as: Double.self] == 1.5)

        let outcome = try await firstSteps(client, day: day, nextDay: nextDay)
        #expect(outcome.flights == 2)
        #expect(outcome.scanned == 2)
        #expect(outcome.total == 3)
        #expect(outcome.airport == "San Francisco Intl")
        #expect(outcome.columns == ["origin", "dest", "window_start", "flights"])
        let fresh = try await freshness(client, day: day)
        #expect(fresh.seen)
        #expect(fresh.rows == 2)
        #expect(fresh.version > 0)
        let failure = try await failures(client, day: day)
        #expect(failure.contains("delay_by_rout"))

        let gone = await #expect(throws: ClientError.self) {
            try await routes.get("EWR", "SFO", day, options: ReadOptions(version: 99))
        }
        #expect(gone?.code == .versionGone)
        let never = CategoryPosition(category: "flights", bucket: 0, offset: 1_000_000)
        let late = await #expect(throws: ClientError.self) {
            try await routes.get(
                "EWR", "SFO", day, options: ReadOptions(timeout: .milliseconds(200), waitingFor: [never]))
        }
        #expect(late?.code == .deadlineExceeded)
    }
}
