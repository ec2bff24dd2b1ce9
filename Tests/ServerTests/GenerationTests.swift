import Catalog
import Categories
import Foundation
import RPC
import Records
import RocksDB
import Tables
import Testing

@testable import Server

/// Deploys of apps that are there, with other statements.
@Suite(.serialized) struct GenerationTests {
    typealias Fixture = ControlPlaneTests.Fixture

    /// `counts`, each time with other tables over the same input.
    static func app(_ tables: String, buckets: Int = 2, input: String = "word STRING") -> String {
        """
        CREATE APPLICATION counts OPTIONS (checkpoint = '1 ms');
        CREATE CATEGORY words BUCKETS \(buckets) FORMAT JSON;
        CREATE INPUT TABLE words (\(input)) FROM CATEGORY 'words';
        \(tables)
        """
    }

    static let byWord = "CREATE TABLE by_word AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;\n"
    static let byLength =
        "CREATE TABLE by_length AS SELECT LENGTH(word) AS length, COUNT(*) AS n FROM words GROUP BY LENGTH(word);\n"

    @Test func aDryRunSaysTheDifferenceAndChangesNothing() throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord))
        let planned = try fixture.deploy(Self.app(Self.byWord + Self.byLength), isDryRun: true).changes
        #expect(planned.contains { $0.contains("by_length") }, "\(planned)")
        #expect(fixture.engine.catalog.snapshot.table(named: "by_length") == nil)
        #expect(fixture.engine.catalog.snapshot.app(named: "counts")?.generation == 1)
        #expect(try fixture.deploy(Self.app(Self.byWord + Self.byLength)).changes == planned)
        #expect(fixture.engine.catalog.snapshot.app(named: "counts")?.generation == 2)
        #expect(try fixture.deploy(Self.app(Self.byWord + Self.byLength), isDryRun: true).changes.isEmpty)
    }

    @Test func redeploysUnderLoadLoseNothingAndRepeatNothing() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord))
        let engine = try #require(fixture.engine)
        let appender = Task {
            for batch in 0..<100 {
                try await engine.append(
                    (0..<50).map { #"{"word": "\#($0 % 5 == 0 ? "fifth" : "other")"}"# }, to: "words",
                    bucket: batch % 2)
            }
        }
        for round in 0..<8 {
            let tables = Self.byWord + (round % 2 == 0 ? Self.byLength : "")
            _ = try fixture.deploy(Self.app(tables, buckets: 2 + round))
            await Task.yield()
        }
        try await appender.value
        try await fixture.waitFor(100 * 10, of: "fifth")
        try await fixture.waitFor(100 * 40, of: "other")
        #expect(fixture.engine.catalog.snapshot.app(named: "counts")?.generation == 9)
    }

    @Test func aTableThatJoinsAnAppCountsFromTheBeginningAndOneThatLeavesIsKeptAsItStands() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byLength))
        try await fixture.append([#"{"word": "a"}"#, #"{"word": "b"}"#], to: "words")
        _ = try fixture.deploy(Self.app(Self.byWord))
        try await fixture.waitFor(1, of: "a")
        let kept = try #require(fixture.engine.catalog.snapshot.table(named: "by_length"))
        #expect(kept.app == nil)
        _ = try fixture.deploy(Self.app(Self.byWord + Self.byLength))
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(2, of: "a")
        try await fixture.waitFor(rows: [[1]: 3], of: "by_length")
    }

    /// The bytes of its descriptor change, and what readers get with them.
    @Test func aNewColumnOverStatesThatAreThereIsPresentedAtOnce() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord))
        try await fixture.append([#"{"word": "a"}"#, #"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(2, of: "a")
        let twice = Self.byWord.replacingOccurrences(of: "AS n", with: "AS n, COUNT(*) * 2 AS twice")
        _ = try fixture.deploy(Self.app(twice))
        let table = try #require(fixture.engine.catalog.snapshot.table(named: "by_word"))
        #expect(table.schemaRevision == 2)
        #expect(try fixture.rows(of: "by_word").map(\.values) == [[.int64(2), .int64(4)]])
    }

    @Test func whatIsNotSafeIsRefusedAndTheFormerGenerationGoesOn() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord))
        let other = Self.byWord.replacingOccurrences(of: "FROM words", with: "FROM words WHERE word <> 'b'")
        #expect(throws: (any Error).self) { try fixture.deploy(Self.app(other)) }
        try await fixture.append([#"{"word": "b"}"#], to: "words")
        try await fixture.waitFor(1, of: "b")
    }

    @Test(arguments: [false, true])
    func aCatalogThatCannotBeWrittenLeavesOneWholeGeneration(isWritten: Bool) async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord))
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(1, of: "a")
        fixture.engine.catalog.failNextWrite(with: RocksDBError(.noSpace, "no space"), afterWriting: isWritten)
        _ = try? fixture.deploy(Self.app(Self.byWord + Self.byLength))
        let generation = fixture.engine.catalog.snapshot.app(named: "counts")?.generation
        #expect(generation == (isWritten ? 2 : 1))
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(2, of: "a")
        try fixture.reopen()
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(3, of: "a")
        if isWritten { try await fixture.waitFor(rows: [[1]: 3], of: "by_length") }
    }

    /// What a kill leaves before the catalog is written, and after.
    @Test func familiesThatNoCatalogNamesGoAndThoseThatItNamesAreThere() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord))
        let next = fixture.engine.catalog.snapshot.nextTableID
        try fixture.engine.tables.createVersion(table: next, version: 1)
        try fixture.reopen()
        _ = try fixture.deploy(Self.app(Self.byWord + Self.byLength))
        #expect(fixture.engine.catalog.snapshot.table(named: "by_length")?.id == next)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(rows: [[1]: 1], of: "by_length")
    }

    @Test func bucketsThatAreAddedCountFromTheirFirstRecord() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app(Self.byWord, buckets: 1))
        try await fixture.append([#"{"word": "a"}"#], to: "words", bucket: 0)
        _ = try fixture.deploy(Self.app(Self.byWord, buckets: 4))
        for bucket in 0..<4 { try await fixture.append([#"{"word": "a"}"#], to: "words", bucket: bucket) }
        try await fixture.waitFor(5, of: "a")
        try fixture.reopen()
        try await fixture.append([#"{"word": "a"}"#], to: "words", bucket: 3)
        try await fixture.waitFor(6, of: "a")
    }

    @Test func startLatestStaysTheMomentOfTheFirstDeploy() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy("CREATE CATEGORY words BUCKETS 2 FORMAT JSON;")
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        func latest(_ tables: String) -> String {
            Self.app(tables).replacingOccurrences(of: "CATEGORY 'words'", with: "CATEGORY 'words' START LATEST")
        }
        _ = try fixture.deploy(latest(Self.byLength))
        try fixture.stop("counts")
        try await fixture.append([#"{"word": "b"}"#], to: "words")
        _ = try fixture.deploy(latest(Self.byLength + Self.byWord))
        try fixture.start("counts")
        try await fixture.waitFor(1, of: "b")
        #expect(try fixture.count(of: "a") == nil)
        try await fixture.waitFor(rows: [[1]: 1], of: "by_length")
    }
}
