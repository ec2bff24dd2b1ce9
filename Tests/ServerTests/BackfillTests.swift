import Bytes
import Catalog
import Categories
import Foundation
import RPC
import Records
import RocksDB
import Tables
import Testing

@testable import Server

/// Versions that are built from a category's history beside the serving one.
@Suite(.serialized) struct BackfillTests {
    typealias Fixture = ControlPlaneTests.Fixture

    private func deployed(_ words: Int = 1000) async throws -> Fixture {
        let fixture = try Fixture()
        _ = try fixture.deploy(GenerationTests.app(GenerationTests.byWord))
        try await fixture.append((0..<words).map { #"{"word": "w\#($0 % 10)"}"# }, to: "words")
        try await fixture.append(
            ["not JSON"] + (0..<words).map { #"{"word": "w\#($0 % 10)"}"# }, to: "words", bucket: 1)
        try await fixture.waitFor(Int64(words / 5), of: "w3")
        return fixture
    }

    @Test func aVersionBuiltFromTheBeginningServesTheSameAndTheFormerOneFollowsOn() async throws {
        let fixture = try await deployed()
        let version = try fixture.backfill("by_word")
        #expect(version == 2)
        try await fixture.waitUntilServing(version, of: "by_word")
        #expect(try fixture.count(of: "w3") == 200)
        try await fixture.append([#"{"word": "w3"}"#], to: "words")
        try await fixture.waitFor(201, of: "w3")
        // What a standby has yet to write is written then.
        try fixture.stop("counts")
        let versions = try fixture.describe("by_word").versions
        #expect(versions.map(\.state) == ["standby", "serving"])
        #expect(versions.allSatisfy { $0.hasFreshness && $0.lagRecords == 0 })
        // A record that nobody can read is kept once, however often it is read.
        let letters = try #require(fixture.engine.catalog.snapshot.category(named: "counts_dead_letters"))
        #expect(fixture.engine.categories.end(category: letters.id, bucket: 0) == 1)
    }

    @Test func recordsThatComeMeanwhileCountOnceInBothVersions() async throws {
        let fixture = try await deployed()
        let engine = try #require(fixture.engine)
        let appender = Task {
            for batch in 0..<200 {
                try await engine.append(
                    (0..<50).map { #"{"word": "w\#($0 % 10)"}"# }, to: "words", bucket: batch % 2)
            }
        }
        let version = try fixture.backfill("by_word")
        try await fixture.waitUntilServing(version, of: "by_word")
        try await appender.value
        try await fixture.waitFor(200 + 200 * 5, of: "w3")
        // What the standby has: as much, for it is written when the app ends.
        try fixture.stop("counts")
        try engine.catalog.update { catalog in
            var table = try #require(catalog.table(named: "by_word"))
            table.servingVersion = 1
            try catalog.put(table)
        }
        #expect(try fixture.count(of: "w3") == 200 + 200 * 5)
    }

    @Test func aBackfillFromATimeCountsWhatWasAppendedSince() async throws {
        let fixture = try await deployed()
        let time = Clock.now
        try await fixture.append([#"{"word": "w3"}"#], to: "words")
        let version = try fixture.backfill("by_word", from: time)
        try await fixture.waitUntilServing(version, of: "by_word")
        #expect(try fixture.count(of: "w3") == 1)
    }

    /// The fixture closes the engine at a checkpoint; what a kill leaves is the same and older.
    @Test func aBackfillGoesOnAfterARestart() async throws {
        let fixture = try await deployed()
        try fixture.stop("counts")
        let version = try fixture.putBuildingVersion(of: "by_word")
        try fixture.reopen()
        #expect(try fixture.describe("by_word").versions.map(\.state) == ["serving", "building"])
        #expect(try fixture.describe("by_word").versions.last?.lagRecords == 2001)
        try fixture.start("counts")
        try await fixture.waitUntilServing(version, of: "by_word")
        try fixture.reopen()
        #expect(try fixture.count(of: "w3") == 200)
        try await fixture.append([#"{"word": "w3"}"#], to: "words")
        try await fixture.waitFor(201, of: "w3")
    }

    @Test func aSwitchThatCannotBeWrittenLeavesTheServingVersionAndIsTriedAgain() async throws {
        let fixture = try await deployed(10)
        try fixture.stop("counts")
        let version = try fixture.putBuildingVersion(of: "by_word")
        fixture.engine.catalog.failNextWrite(with: RocksDBError(.noSpace, "no space"))
        // The failure that waits is for the start; the next one is for the switch.
        #expect(throws: (any Error).self) { try fixture.start("counts") }
        try fixture.start("counts")
        fixture.engine.catalog.failNextWrite(with: RocksDBError(.noSpace, "no space"))
        try await fixture.waitUntilServing(version, of: "by_word")
        #expect(try fixture.count(of: "w3") == 2)
    }

    /// As where the write of the switch seemed to fail.
    @Test func aSwitchThatHappenedUnnoticedIsFollowedAndLeavesNoVersionBehind() async throws {
        let fixture = try await deployed(10)
        let version = try fixture.backfill("by_word")
        try await fixture.waitUntilServing(version, of: "by_word")
        let engine = try #require(fixture.engine)
        let table = try #require(engine.catalog.snapshot.table(named: "by_word"))
        let app = try #require(engine.catalog.snapshot.app(named: "counts"))
        engine.apps.end(app: app.id)
        try engine.catalog.update { catalog in
            var table = table
            table.versions.removeAll { $0.number == 1 }
            try catalog.put(table)
        }
        let id = RunnerID(app: app.id, building: .init(table: table.id, version: version))
        #expect(try !ControlPlane(engine).finishBackfill(id))
        #expect(throws: (any Error).self) { _ = try engine.tables.statistics(table: table.id, version: 1) }
        try await fixture.append([#"{"word": "w3"}"#], to: "words")
        try await fixture.waitFor(3, of: "w3")
    }

    @Test func theOldestVersionsGoBeyondThoseThatAreKept() async throws {
        let fixture = try await deployed(10)
        for expected in 2...5 as ClosedRange<UInt32> {
            #expect(try fixture.backfill("by_word") == expected)
            try await fixture.waitUntilServing(expected, of: "by_word")
        }
        #expect(try fixture.describe("by_word").versions.map(\.number) == [3, 4, 5])
        #expect(try fixture.count(of: "w3") == 2)
        #expect(throws: (any Error).self) {
            let table = try #require(fixture.engine.catalog.snapshot.table(named: "by_word"))
            _ = try fixture.engine.tables.statistics(table: table.id, version: 2)
        }
    }

    @Test func aRollbackToAVersionThatIsBehindIsRefusedUntilItHasCaughtUp() async throws {
        let fixture = try await deployed(10)
        try fixture.stop("counts")
        let version = try fixture.putBuildingVersion(of: "by_word")
        try fixture.engine.catalog.update { catalog in
            var table = try #require(catalog.table(named: "by_word"))
            for index in table.versions.indices { table.versions[index].backfill?.isComplete = true }
            try catalog.put(table)
        }
        #expect { try fixture.rollback("by_word", to: version) } throws: {
            "\($0)".contains("is 21 records behind") && "\($0)".contains("maser start counts")
        }
        #expect(try fixture.describe("by_word").servingVersion == 1)
        try fixture.start("counts")
        var isServing = false
        for _ in 0..<2000 where !isServing {
            do {
                isServing = try fixture.rollback("by_word", to: version).version == version
            } catch {
                #expect("\(error)".contains("try again"))
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect(isServing)
        #expect(try fixture.count(of: "w3") == 2)
        // A standby that has applied everything serves while its app is stopped, too.
        try fixture.stop("counts")
        #expect(try fixture.rollback("by_word", to: 1).former == version)
        #expect(try fixture.count(of: "w3") == 2)
    }

    @Test func whatIsYetToComeIsNoBeginning() async throws {
        let fixture = try await deployed(10)
        let later = Clock.now + 3_600_000_000
        #expect { try fixture.backfill("by_word", from: later) } throws: { "\($0)".contains("yet to come") }
        #expect { try fixture.cut("words", at: later) } throws: { "\($0)".contains("yet to come") }
    }

    @Test func whatCannotBeBackfilledIsRefusedWithTheReason() async throws {
        let fixture = try await deployed(10)
        _ = try fixture.deploy("CREATE TABLE loaded (k STRING, v INT64) PRIMARY KEY (k);")
        #expect { try fixture.backfill("loaded") } throws: { "\($0)".contains("loads") }
        #expect { try fixture.backfill("nothing") } throws: { ($0 as? RPCError)?.code == .notFound }
        try fixture.stop("counts")
        #expect { try fixture.backfill("by_word") } throws: { "\($0)".contains("maser start counts") }
        #expect(try fixture.describe("by_word").versions.map(\.state) == ["serving"])
        _ = try fixture.putBuildingVersion(of: "by_word")
        #expect { try fixture.backfill("by_word") } throws: { "\($0)".contains("already") }
        let changed = GenerationTests.byWord.replacingOccurrences(of: "AS n", with: "AS n, COUNT(*) * 2 AS twice")
        #expect { try fixture.deploy(GenerationTests.app(changed)) } throws: { "\($0)".contains("being built") }
    }

    @Test func deletingAnAppEndsWhatIsBuiltForIt() async throws {
        let fixture = try await deployed(10)
        try fixture.stop("counts")
        _ = try fixture.putBuildingVersion(of: "by_word")
        var request = WireDeleteAppRequest()
        request.app = "counts"
        _ = try ControlPlane(fixture.engine).delete(request)
        #expect(try fixture.describe("by_word").versions.map(\.state) == ["serving"])
        #expect { try fixture.backfill("by_word") } throws: { "\($0)".contains("no app") }
    }

    /// A state that joined the table has seen nothing of the panes before it; a version built afterwards has.
    @Test func aBackfillFillsWhatAnAddedStatePresentsAsNull() async throws {
        let fixture = try Fixture()
        let tables = "CREATE TABLE sums AS SELECT word, COUNT(*) AS n FROM words [1 DAY] GROUP BY word;\n"
        func app(_ tables: String) -> String {
            GenerationTests.app(tables, input: "at TIMESTAMP, word STRING, x INT64")
                .replacingOccurrences(of: "CATEGORY 'words'", with: "CATEGORY 'words' TIME at")
        }
        _ = try fixture.deploy(app(tables))
        try await fixture.append([#"{"at": "2024-01-01T00:00:00Z", "word": "a", "x": 5}"#], to: "words")
        try await fixture.waitFor(rowsOf: "sums", [[.int64(1)]])
        _ = try fixture.deploy(app(tables.replacingOccurrences(of: "AS n", with: "AS n, SUM(x) AS total")))
        try await fixture.append([#"{"at": "2024-01-01T01:00:00Z", "word": "a", "x": 7}"#], to: "words")
        try await fixture.waitFor(rowsOf: "sums", [[.int64(2), .null]])
        try await fixture.waitUntilServing(try fixture.backfill("sums"), of: "sums")
        #expect(try fixture.rows(of: "sums").map(\.values) == [[.int64(2), .int64(12)]])
    }

    @Test func aStateThatJoinsATableWithoutPanesIsNullUntilABackfill() async throws {
        let fixture = try Fixture()
        let input = "word STRING, x INT64"
        _ = try fixture.deploy(GenerationTests.app(GenerationTests.byWord, input: input))
        try await fixture.append([#"{"word": "a", "x": 5}"#], to: "words")
        try await fixture.waitFor(rowsOf: "by_word", [[.int64(1)]])
        let changed = GenerationTests.byWord.replacingOccurrences(of: "AS n", with: "AS n, SUM(x) AS total")
        let changes = try fixture.deploy(GenerationTests.app(changed, input: input)).changes
        #expect(changes.contains { $0.contains("maser backfill by_word") }, "\(changes)")
        try await fixture.append([#"{"word": "a", "x": 7}"#], to: "words")
        try await fixture.waitFor(rowsOf: "by_word", [[.int64(2), .null]])
        try await fixture.waitUntilServing(try fixture.backfill("by_word"), of: "by_word")
        #expect(try fixture.rows(of: "by_word").map(\.values) == [[.int64(2), .int64(12)]])
    }
}

extension ControlPlaneTests.Fixture {
    func backfill(_ table: String, from time: Int64? = nil) throws -> UInt32 {
        var request = WireBackfillRequest()
        request.table = table
        if let time { request.appendTime = time } else { request.earliest = WireEmpty() }
        return try ControlPlane(engine).backfill(request).version
    }

    /// What a backfill leaves whose app was stopped meanwhile.
    func putBuildingVersion(of name: String, category: String = "words") throws -> UInt32 {
        var table = try #require(engine.catalog.snapshot.table(named: name))
        let category = try #require(engine.catalog.snapshot.category(named: category))
        let number = table.nextVersion
        try engine.tables.createVersion(table: table.id, version: number)
        table.versions.append(
            VersionEntry(
                number: number, createdAt: Clock.now, origin: "backfill",
                backfill: Backfill(startOffsets: Array(repeating: 0, count: category.bucketCount))))
        table.nextVersion = number + 1
        try engine.catalog.update { [table] in try $0.put(table) }
        return number
    }

    func describe(_ table: String) throws -> WireTableDescriptor {
        var request = WireDescribeTableRequest()
        request.table = table
        return try DescriptionHandler(engine).table(request)
    }

    func waitUntilServing(_ version: UInt32, of table: String) async throws {
        for _ in 0..<6000 {
            if try describe(table).servingVersion == version { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("version \(version) of \(table) does not serve: \(try describe(table).versions)")
    }

    func waitFor(rowsOf name: String, _ expected: [[Value]]) async throws {
        for _ in 0..<2000 {
            if try rows(of: name).map(\.values) == expected { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(name) has \(try rows(of: name)), not \(expected)")
    }
}
