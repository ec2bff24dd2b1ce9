import Bytes
import Catalog
import Categories
import Foundation
import Logging
import RPC
import Records
import Tables
import Testing

@testable import Server

/// Deploys and deletions, without a network in front of them.
@Suite(.serialized) struct ControlPlaneTests {
    static let counts = """
        CREATE APPLICATION counts OPTIONS (checkpoint = '1 ms');
        CREATE CATEGORY words BUCKETS 2 FORMAT JSON;
        CREATE INPUT TABLE words (word STRING) FROM CATEGORY 'words';
        CREATE TABLE by_word AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;
        """

    /// An engine over a folder that lives as long as the test.
    final class Fixture {
        let folder = FileManager.default.temporaryDirectory.path + "/maser-server-" + UUID().uuidString
        private(set) var engine: Engine! = nil

        init() throws {
            engine = try Self.open(folder)
        }

        deinit {
            engine?.close()
            try? FileManager.default.removeItem(atPath: folder)
        }

        /// `body` meets the folder without a server.
        func reopen(_ body: () throws -> Void = {}) throws {
            engine.close()
            // The folder is locked for as long as an engine lives.
            engine = nil
            try body()
            engine = try Self.open(folder)
        }

        private static func open(_ folder: String) throws -> Engine {
            try Engine.open(
                ServerConfiguration(dataDirectory: folder),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func deploy(_ sql: String, isDryRun: Bool = false) throws -> WireDeployResponse {
            var request = WireDeployRequest()
            request.dryRun = isDryRun
            request.file = "test.sql"
            request.sql = sql
            return try ControlPlane(engine).deploy(request)
        }

        func append(_ values: [String], to category: String, bucket: Int = 0) async throws {
            try await engine.append(values, to: category, bucket: bucket)
        }

        func count(of word: String) throws -> Int64? {
            let table = try #require(engine.catalog.snapshot.table(named: "by_word"))
            var key = ByteWriter()
            try key.append(tuple: .string(word))
            let rows = try engine.tables.get(table, keys: [key.bytes])
            guard let row = rows[0] else { return nil }
            let layout = RowLayout(columns: table.columns.map { (number: $0.number, name: $0.name, type: $0.type) })
            guard case .int64(let count) = try [UInt8](row).withUnsafeBytes({ try layout.decode($0) })[0] else {
                return nil
            }
            return count
        }

        /// All rows of a table, in the order of their keys.
        func rows(of name: String) throws -> [(key: [TupleElement], values: [Value])] {
            let table = try #require(engine.catalog.snapshot.table(named: name))
            let layout = RowLayout(columns: table.columns.map { (number: $0.number, name: $0.name, type: $0.type) })
            let page = try engine.tables.scan(table, ScanRange())
            return try (0..<page.keys.count).map { index in
                let row = try #require(page.rows[index])
                return (
                    try page.keys[index].withUnsafeBytes { bytes in
                        var reader = ByteReader(bytes)
                        return try reader.readTuple()
                    },
                    try [UInt8](row).withUnsafeBytes { try layout.decode($0) }
                )
            }
        }

        /// Polls until the first columns of all rows, by integer keys, are these.
        func waitFor(rows expected: [[Int64]: Int64], of name: String) async throws {
            var found: [[Int64]: Int64] = [:]
            for _ in 0..<2000 {
                found = [:]
                for (key, values) in try rows(of: name) {
                    let numbers = key.compactMap { if case .int64(let number) = $0 { number } else { nil } }
                    if case .int64(let value)? = values.first { found[numbers] = value }
                }
                if found == expected { return }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("\(name) is \(found), not \(expected)")
        }

        /// Polls, for there is nothing to wait on in a table.
        func waitFor(_ expected: Int64, of word: String) async throws {
            for _ in 0..<2000 {
                if try count(of: word) == expected { return }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("\(word) is \(String(describing: try count(of: word))), not \(expected)")
        }
    }

    @Test func anAppCountsWhatItsCategoryHoldsBeforeAndAfterARestart() async throws {
        let fixture = try Fixture()
        let changes = try fixture.deploy(Self.counts).changes
        #expect(!changes.isEmpty)
        try await fixture.append([#"{"word": "a"}"#, #"{"word": "b"}"#, #"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(2, of: "a")
        try fixture.reopen()
        #expect(try fixture.count(of: "a") == 2)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(3, of: "a")
        #expect(try fixture.deploy(Self.counts).changes.isEmpty)
    }

    @Test func aDeletedAppKeepsItsTablesAndGoesOnWhereItWasWhenDeployedAgain() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.counts)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(1, of: "a")
        var request = WireDeleteAppRequest()
        request.app = "counts"
        _ = try ControlPlane(fixture.engine).delete(request)
        #expect(fixture.engine.catalog.snapshot.apps.isEmpty)
        #expect(try fixture.count(of: "a") == 1)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        _ = try fixture.deploy(Self.counts)
        try await fixture.waitFor(2, of: "a")
    }

    /// Else the records of another category, or another reading of the same, would count into what is there.
    @Test(
        arguments: [
            ["CATEGORY 'words'": "CATEGORY 'others'"], ["(word STRING)": "(word STRING FROM '$.other')"],
        ])
    func aKeptTableGoesOnOverTheInputThatItHad(changes: [String: String]) throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.counts + "CREATE CATEGORY others BUCKETS 2 FORMAT JSON;")
        var request = WireDeleteAppRequest()
        request.app = "counts"
        _ = try ControlPlane(fixture.engine).delete(request)
        let changed = changes.reduce(Self.counts) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        #expect { try fixture.deploy(changed) } throws: { "\($0)".contains("table by_word has") }
        let added = Self.counts.replacingOccurrences(of: "(word STRING)", with: "(word STRING, n INT64)")
        #expect(try !fixture.deploy(added).changes.isEmpty)
    }

    @Test func droppingTheTablesOfADeletedAppForgetsWhatTheyCounted() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.counts)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(1, of: "a")
        let before = try #require(fixture.engine.catalog.snapshot.table(named: "by_word")).id
        var request = WireDeleteAppRequest()
        request.app = "counts"
        request.dropTables = true
        _ = try ControlPlane(fixture.engine).delete(request)
        #expect(fixture.engine.catalog.snapshot.tables.isEmpty)
        _ = try fixture.deploy(Self.counts)
        #expect(try #require(fixture.engine.catalog.snapshot.table(named: "by_word")).id > before)
        try await fixture.waitFor(1, of: "a")
    }

    @Test func startLatestBeginsAtTheEndOfTheLogWhenItIsDeployed() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy("CREATE CATEGORY words BUCKETS 2 FORMAT JSON;")
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        _ = try fixture.deploy(
            Self.counts.replacingOccurrences(of: "CATEGORY 'words'", with: "CATEGORY 'words' START LATEST"))
        try await fixture.append([#"{"word": "b"}"#], to: "words")
        try await fixture.waitFor(1, of: "b")
        #expect(try fixture.count(of: "a") == nil)
    }

    @Test func aCategoryIsReadableFromAnyTimeAsSoonAsItIsDeployed() throws {
        let fixture = try Fixture()
        _ = try fixture.deploy("CREATE CATEGORY words BUCKETS 2 FORMAT JSON;")
        let id = try #require(fixture.engine.catalog.snapshot.category(named: "words")).id
        #expect(try fixture.engine.categories.offset(category: id, bucket: 1, atOrAfter: 0) == 0)
    }

    @Test func anAppCountsTheDeadLettersBeforeItAsNoneOfItsOwn() async throws {
        let fixture = try Fixture()
        var request = WireDeleteAppRequest()
        request.app = "counts"
        request.dropTables = true
        for round in 1...3 {
            _ = try fixture.deploy(Self.counts)
            try await fixture.append(["not json", #"{"word": "a"}"#], to: "words")
            try await fixture.waitFor(Int64(round), of: "a")
            _ = try ControlPlane(fixture.engine).delete(request)
        }
        let letters = try #require(fixture.engine.catalog.snapshot.category(named: "counts_dead_letters"))
        #expect(fixture.engine.categories.end(category: letters.id, bucket: 0) == 1 + 2 + 3)
    }

    @Test func aSecondEngineOnTheFolderIsRefused() throws {
        let fixture = try Fixture()
        #expect {
            try Engine.open(ServerConfiguration(dataDirectory: fixture.folder), logger: Logger(label: "test"))
        } throws: { error in
            (error as? ServerError)?.code == .dataFolderInUse
        }
    }
}

extension Engine {
    func append(_ values: [String], to category: String, bucket: Int) async throws {
        let entry = try #require(catalog.snapshot.category(named: category))
        let records = BucketRecords(bucket: bucket, records: values.map { NewRecord(value: [UInt8]($0.utf8)) })
        _ = try await withCheckedThrowingContinuation { continuation in
            categories.append([records], to: entry) { continuation.resume(with: $0) }
        }
    }
}
