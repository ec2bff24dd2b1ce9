import BulkLoad
import Catalog
import Categories
import Foundation
import RPC
import Records
import Tables
import Testing

@testable import Server

/// Retention under apps that read.
@Suite(.serialized) struct RetainedPositionsTests {
    typealias Fixture = ControlPlaneTests.Fixture

    private static let app = """
        CREATE APPLICATION counts OPTIONS (checkpoint = '1 ms');
        CREATE CATEGORY words BUCKETS 1 FORMAT JSON RETAIN 1 MIB OPTIONS (compression = 'none');
        CREATE INPUT TABLE words (word STRING) FROM CATEGORY 'words';
        CREATE TABLE by_word AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;
        """

    private let record = #"{"word": "a", "rest": "\#(String(repeating: "x", count: 100_000))"}"#

    @Test func retentionWaitsForAppsAlsoWhileTheyAreStopped() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app)
        try await fixture.append([record], to: "words")
        try await fixture.waitFor(1, of: "a")
        try fixture.stop("counts")
        for _ in 0..<30 { try await fixture.append([record, record], to: "words") }
        func start() throws -> Int64 {
            let engine = try #require(fixture.engine)
            let category = try #require(engine.catalog.snapshot.category(named: "words"))
            engine.categories.tidy()
            return engine.categories.start(category: category.id, bucket: 0)
        }
        // What the stopped app has yet to apply is there, after a restart too.
        #expect(try start() <= 1)
        try fixture.reopen()
        #expect(try start() <= 1)
        let status = try #require(try fixture.status().categoryStatuses.first { $0.name == "words" })
        #expect(status.readers.map(\.name) == ["counts"])
        #expect(status.readers.map(\.lagRecords) == [60])
        try fixture.start("counts")
        try await fixture.waitFor(61, of: "a")
        // What it has applied may go, once that is durable.
        for _ in 0..<2000 where try start() < 40 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try start() >= 40)
        #expect(try fixture.count(of: "a") == 61)
    }

    @Test func aBucketThatIsIdleRefusesNoTimeFromWhichOnEverythingIsKept() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app.replacingOccurrences(of: "BUCKETS 1", with: "BUCKETS 2"))
        let engine = try #require(fixture.engine)
        let category = try #require(engine.catalog.snapshot.category(named: "words"))
        try await fixture.append([record], to: "words", bucket: 1)
        for _ in 0..<40 { try await fixture.append([record], to: "words") }
        try await fixture.waitFor(41, of: "a")
        func start(_ bucket: Int) -> Int64 {
            engine.categories.tidy()
            return engine.categories.start(category: category.id, bucket: bucket)
        }
        for _ in 0..<2000 where start(1) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        let first = start(0)
        #expect(start(1) == 1 && engine.categories.end(category: category.id, bucket: 1) == 1 && first > 0)
        let kept = ControlPlane(engine).keptSince(category)
        #expect(try fixture.cut("words", at: kept).offsets == [first, 1])
        #expect { try fixture.cut("words", at: kept - 1) } throws: { "\($0)".contains("kept from") }
        try await fixture.waitUntilServing(try fixture.backfill("by_word", from: kept), of: "by_word")
        #expect(try fixture.count(of: "a") == 40 - first)
    }

    @Test func whatIsNotNeededMakesRoomAlsoWhileTheTablesCannotBeWritten() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.app)
        let engine = try #require(fixture.engine)
        let category = try #require(engine.catalog.snapshot.category(named: "words"))
        func start() -> Int64 {
            engine.categories.tidy()
            return engine.categories.start(category: category.id, bucket: 0)
        }
        for _ in 0..<40 { try await fixture.append([record], to: "words") }
        try await fixture.waitFor(40, of: "a")
        let known = start()
        #expect(0 < known && known < 40)
        try engine.tables.close()
        for _ in 0..<30 { try await fixture.append([record], to: "words") }
        // All that had been applied when that was last known goes, and nothing else.
        #expect(start() > known)
        #expect(start() <= 40)
    }
}
