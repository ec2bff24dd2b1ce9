import Bytes
import Catalog
import Foundation
import NIOCore
import NIOPosix
import RPC
import Records
import SwiftProtobuf
import Synchronization
import Tables
import Testing

@testable import Server

/// What requests ask for beyond rows: how fresh these are, of which version, and which of their columns.
@Suite(.serialized) struct ContractTests {
    typealias Fixture = ControlPlaneTests.Fixture

    private static let planes = "CREATE TABLE planes (tailnum STRING, year INT64) PRIMARY KEY (tailnum);\n"

    private func deployed() async throws -> Fixture {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        _ = try fixture.deploy(Self.planes)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.append([#"{"word": "a"}"#], to: "words", bucket: 1)
        try await fixture.waitFor(2, of: "a")
        return fixture
    }

    private func key(_ text: String) throws -> [UInt8] {
        var writer = ByteWriter()
        try writer.append(tuple: .string(text))
        return writer.bytes
    }

    private func request(_ table: String, _ keys: [[UInt8]], _ contract: ReadContract = ReadContract()) -> [UInt8] {
        var writer = ByteWriter()
        WireGetRequest.append(table: table, keys: keys, to: &writer)
        WireGetRequest.append(contract: contract, to: &writer)
        return writer.bytes
    }

    private func get(_ fixture: Fixture, _ request: [UInt8]) throws -> WireGetResponse {
        var writer = ByteWriter()
        try request.withUnsafeBytes { try ContractLookups(engine: fixture.engine).get($0, into: &writer) }
        return try WireGetResponse(serializedBytes: writer.bytes)
    }

    private func failure(_ body: () throws -> Void) -> RPCError? {
        do {
            try body()
            return nil
        } catch {
            return error as? RPCError
        }
    }

    private func milliseconds(_ count: UInt32) -> ReadContract { ReadContract(maximumStalenessMilliseconds: count) }

    @Test func aTableThatHasAppliedEverythingIsFreshAsOfNow() async throws {
        let fixture = try await deployed()
        let before = Clock.now
        let response = try get(
            fixture, request("by_word", [key("a")], ReadContract(maximumStalenessMilliseconds: 0, wantsFreshness: true))
        )
        #expect(response.tables[0].freshness >= before && response.tables[0].freshness <= Clock.now)
        #expect(response.tables[0].version == 1 && response.tables[0].rows[0].hasMessage)
        #expect(try !get(fixture, request("by_word", [key("a")], milliseconds(0))).tables[0].hasFreshness)
    }

    @Test func aTableThatIsOlderThanAskedForIsRefusedAndSaysHowOldItIs() async throws {
        let fixture = try await deployed()
        try fixture.stop("counts")
        // What is left to apply now came just now, and not when the record before it did.
        let appended = Clock.now
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        let response = try get(
            fixture, request("by_word", [key("a")], ReadContract(wantsFreshness: true)))
        #expect(response.tables[0].freshness >= appended && response.tables[0].freshness <= Clock.now)
        while Clock.now - response.tables[0].freshness < 20_000 { await Task.yield() }
        let error = failure { _ = try get(fixture, request("by_word", [key("a")], milliseconds(1))) }
        #expect(error?.code == .stale && error?.isRetriable == true)
        #expect(error?.message.hasPrefix("table by_word is ") == true)
        #expect(error?.message.hasSuffix(" old, and the request takes at most 1 ms") == true, "\(error?.message ?? "")")
        #expect(try get(fixture, request("by_word", [key("a")], milliseconds(3_600_000))).tables[0].rows[0].hasMessage)
    }

    @Test func aBucketWhoseFirstRecordIsYetToBeAppliedIsAsFreshAsThatAndAnEmptyTableSaysSo() async throws {
        let fixture = try await deployed()
        let error = failure { _ = try get(fixture, request("planes", [key("N1")], milliseconds(1))) }
        #expect(error?.code == .stale)
        #expect(error?.message == "nothing was loaded into table planes yet")
        let response = try get(fixture, request("planes", [key("N1")], ReadContract(wantsFreshness: true)))
        #expect(!response.tables[0].hasFreshness && response.tables[0].version == 0)
    }

    @Test func aLoadedTableIsAsOldAsItsLoad() async throws {
        let fixture = try await deployed()
        let made = Clock.now - 90_000_000
        try fixture.engine.tables.createVersion(table: try #require(fixture.table("planes")).id, version: 1)
        try fixture.engine.catalog.update { catalog in
            var table = try #require(catalog.table(named: "planes"))
            table.versions = [VersionEntry(number: 1, createdAt: made, origin: "planes.csv", loadedRows: 0)]
            (table.servingVersion, table.nextVersion) = (1, 2)
            try catalog.put(table)
        }
        let both =
            request("planes", [try key("N1")])
            + request(
                "by_word", [try key("a")], ReadContract(wantsFreshness: true))
        let response = try get(fixture, both)
        #expect(response.tables[0].freshness == made)
        #expect(response.tables[1].freshness > made + 80_000_000, "each table has its own")
        let error = failure { _ = try get(fixture, request("planes", [key("N1")], milliseconds(60_000))) }
        #expect(error?.code == .stale)
        #expect(
            error?.message
                == "table planes is 1.5 min old, for it was last loaded then, and the request takes at most 1 min",
            "\(error?.message ?? "")")
    }

    @Test func positionsThatCannotBeWaitedForAreNamed() async throws {
        let fixture = try await deployed()
        func message(_ table: String, _ category: String, _ bucket: UInt32 = 0, _ offset: Int64 = 1) throws -> String? {
            let contract = ReadContract(positions: [.init(category: category, bucket: bucket, offset: offset)])
            let request = request(table, [try key("a")], contract)
            return failure {
                _ = try request.withUnsafeBytes { try ContractLookups(engine: fixture.engine).goals(of: .get, $0) }
            }?.message
        }
        #expect(try message("by_word", "words") == nil)
        #expect(try message("by_word", "nothing")?.contains("there is no category nothing") == true)
        #expect(try message("planes", "words")?.contains("planes is filled by loads") == true)
        #expect(try message("by_word", "counts_dead_letters")?.contains("by_word is filled from words") == true)
        #expect(try message("by_word", "words", 7)?.contains("buckets 0 to 1") == true)
        #expect(try message("by_word", "words", 0, -1)?.contains("offsets begin at 0") == true)
    }

    // MARK: Waiting

    private func goals(_ fixture: Fixture, bucket: UInt32 = 0, _ offset: Int64) throws -> AppliedGoals {
        let contract = ReadContract(positions: [.init(category: "words", bucket: bucket, offset: offset)])
        let goals = try request("by_word", [key("a")], contract).withUnsafeBytes {
            try ContractLookups(engine: fixture.engine).goals(of: .get, $0)
        }
        return try #require(goals)
    }

    /// What became of one waiting request.
    private final class Outcome: Sendable {
        private let answers: AsyncStream<RPCError?>
        private let continuation: AsyncStream<RPCError?>.Continuation
        let isWanted = Mutex(true)

        init() {
            (answers, continuation) = AsyncStream.makeStream()
        }

        func lookup(
            _ goals: AppliedGoals, bytes: Int = 100, deadline: NIODeadline = .distantFuture
        ) -> WaitingLookups.Lookup {
            WaitingLookups.Lookup(
                goals: goals, bytes: bytes, deadline: deadline, isWanted: { self.isWanted.withLock { $0 } },
                answer: { self.continuation.yield(nil) }, refuse: { self.continuation.yield($0) })
        }

        /// nil: it can be answered.
        var next: RPCError? {
            get async {
                for await answer in answers { return answer }
                return nil
            }
        }
    }

    private func waiting(_ fixture: Fixture, greatestCount: Int = 4) -> WaitingLookups {
        WaitingLookups(
            fixture.engine, on: MultiThreadedEventLoopGroup.singleton.next(), greatestCount: greatestCount)
    }

    @Test func aRequestWaitsUntilWhatItAsksForIsApplied() async throws {
        let fixture = try await deployed()
        let waiting = waiting(fixture)
        defer { waiting.close() }
        #expect(try goals(fixture, 1).areMet(in: fixture.engine.catalog.snapshot, fixture.engine.gauge))
        fixture.engine.tables.holdWrites(true)
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        let wanted = try goals(fixture, 2)
        #expect(!wanted.areMet(in: fixture.engine.catalog.snapshot, fixture.engine.gauge))
        let outcome = Outcome()
        waiting.add(outcome.lookup(wanted))
        fixture.engine.tables.holdWrites(false)
        #expect(await outcome.next.map(\.code) == nil)
        #expect(try fixture.count(of: "a") == 3)
    }

    @Test func requestsThatWaitAreBoundedInBytesToo() async throws {
        let fixture = try await deployed()
        let waiting = waiting(fixture)
        defer { waiting.close() }
        let (large, other, small) = (Outcome(), Outcome(), Outcome())
        let goals = try goals(fixture, 100)
        waiting.add(large.lookup(goals, bytes: WaitingLookups.greatestBytes, deadline: .now() + .milliseconds(20)))
        waiting.add(other.lookup(goals))
        #expect(await other.next?.code == .overloaded)
        #expect(await large.next?.code == .deadlineExceeded)
        // What no longer waits has made room.
        waiting.add(small.lookup(goals, bytes: WaitingLookups.greatestBytes, deadline: .now() + .milliseconds(20)))
        #expect(await small.next?.code == .deadlineExceeded)
    }

    @Test func whoWaitsTooLongHearsHowFarTheTableIs() async throws {
        let fixture = try await deployed()
        let waiting = waiting(fixture)
        defer { waiting.close() }
        let outcome = Outcome()
        waiting.add(outcome.lookup(try goals(fixture, bucket: 1, 500), deadline: .now() + .milliseconds(5)))
        let error = await outcome.next
        #expect(error?.code == .deadlineExceeded)
        #expect(
            error?.message
                == "table by_word has applied bucket 1 of category words up to 1, and is to be waited for until 500")
    }

    @Test func onlySoManyWaitAndAStoppingServerLetsAllGo() async throws {
        let fixture = try await deployed()
        let waiting = waiting(fixture)
        let outcomes = (0..<4).map { _ in Outcome() }
        for outcome in outcomes { waiting.add(outcome.lookup(try goals(fixture, 500))) }
        let fifth = Outcome()
        waiting.add(fifth.lookup(try goals(fixture, 500)))
        #expect(await fifth.next?.code == .overloaded)
        // A connection that was closed leaves its place to others.
        outcomes[0].isWanted.withLock { $0 = false }
        let sixth = Outcome()
        var refusal: RPCError?
        repeat {
            let outcome = Outcome()
            waiting.add(outcome.lookup(try goals(fixture, 500), deadline: .now() + .milliseconds(1)))
            refusal = await outcome.next
        } while refusal?.code == .overloaded
        #expect(refusal?.code == .deadlineExceeded)
        waiting.add(sixth.lookup(try goals(fixture, 500)))
        waiting.close()
        for outcome in outcomes.dropFirst() + [sixth] { #expect(await outcome.next?.code == .unavailable) }
        let late = Outcome()
        waiting.add(late.lookup(try goals(fixture, 500)))
        #expect(await late.next?.code == .unavailable)
    }

    @Test func aTableThatIsDroppedIsWaitedForNoLonger() async throws {
        let fixture = try await deployed()
        let waiting = waiting(fixture)
        defer { waiting.close() }
        let outcome = Outcome()
        waiting.add(outcome.lookup(try goals(fixture, 500)))
        var request = WireDeleteAppRequest()
        (request.app, request.dropTables) = ("counts", true)
        _ = try ControlPlane(fixture.engine).delete(request)
        #expect(await outcome.next.map(\.code) == nil)
        let error = failure { _ = try get(fixture, self.request("by_word", [key("a")])) }
        #expect(error?.code == .notFound)
    }

    // MARK: What of the rows

    @Test func onlyTheColumnsThatAreAskedForComeAndUnknownOnesAreNamed() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(
            GenerationTests.app(
                "CREATE TABLE by_word AS SELECT word, COUNT(*) AS n, MIN(LENGTH(word)) AS least, AVG(LENGTH(word)) AS mean "
                    + "FROM words GROUP BY word;"))
        try await fixture.append([#"{"word": "abc"}"#], to: "words")
        try await fixture.waitFor(1, of: "abc")
        let table = try #require(fixture.table("by_word"))
        let numbers = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, UInt32($0.number)) })
        func fields(_ columns: [UInt32], raw: Bool = false) throws -> [Int] {
            var writer = ByteWriter()
            WireGetRequest.append(table: "by_word", keys: [try key("abc")], columns: columns, raw: raw, to: &writer)
            var found: [Int] = []
            try [UInt8](get(fixture, writer.bytes).tables[0].rows[0].message).withUnsafeBytes { bytes in
                var fields = ProtobufReader(bytes)
                while let field = try fields.next() { found.append(field.number) }
            }
            return found
        }
        let all = table.columns.map(\.number).sorted()
        #expect(try fields([]) == all)
        for (_, number) in numbers { #expect(try fields([number]) == [Int(number)]) }
        #expect(
            try fields([numbers["mean"]!, numbers["n"]!, numbers["n"]!])
                == [numbers["n"]!, numbers["mean"]!].map { Int($0) }.sorted())
        #expect(try fields([], raw: true) == table.stateFields.map(\.number).sorted())
        let state = try #require(table.stateFields.last)
        #expect(try fields([UInt32(state.number)], raw: true) == [state.number])
        let error = failure { _ = try fields([99]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("no column with the number 99; there are ") == true)
        #expect(failure { _ = try fields([numbers["mean"]!], raw: true) }?.message.contains("no state") == true)
    }

    @Test func aPinnedVersionAnswersAndOneThatIsGoneSaysWhichThereAre() async throws {
        let fixture = try await deployed()
        var writer = ByteWriter()
        WireGetRequest.append(table: "by_word", keys: [try key("a")], version: 1, to: &writer)
        #expect(try get(fixture, writer.bytes).tables[0].version == 1)
        writer.removeAll()
        WireGetRequest.append(table: "by_word", keys: [try key("a")], version: 8, to: &writer)
        let error = failure { _ = try get(fixture, writer.bytes) }
        #expect(error?.code == .versionGone && error?.isRetriable == false)
        #expect(
            error?.message == "there is no version 8 of table by_word; there is 1 (serving)", "\(error?.message ?? "")")
    }

    // MARK: Readiness

    @Test func aTableThatFallsBehindIsAnObstacleUntilItHasCaughtUp() async throws {
        let fixture = try await deployed()
        let engine = try #require(fixture.engine)
        let watch = LagWatch(limit: 30_000, tables: engine.catalog.snapshot.tables.keys)
        #expect(watch.obstacles(engine).isEmpty)
        engine.tables.holdWrites(true)
        defer { engine.tables.holdWrites(false) }
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        while watch.obstacles(engine).isEmpty { await Task.yield() }
        let line = try #require(watch.obstacles(engine).first)
        #expect(line.hasPrefix("table by_word is ") && line.hasSuffix(" behind; its limit is 30 ms"), "\(line)")
        // A table that came later, and has yet to catch up for the first time, keeps nobody away.
        #expect(LagWatch(limit: 30_000, tables: []).obstacles(engine).isEmpty)
        engine.tables.holdWrites(false)
        try await fixture.waitFor(3, of: "a")
        while !watch.obstacles(engine).isEmpty { await Task.yield() }
        // What a person has stopped is served as it stands.
        try fixture.stop("counts")
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        let last = Clock.now
        while Clock.now - last < 50_000 { await Task.yield() }
        #expect(watch.obstacles(engine).isEmpty)
    }

    @Test func aTablesOwnLimitCountsBeforeTheServers() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(
            GenerationTests.app(
                "CREATE TABLE by_word OPTIONS (max_lag = '20 ms') AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;"
            ))
        let engine = try #require(fixture.engine)
        let watch = LagWatch(limit: nil, tables: engine.catalog.snapshot.tables.keys)
        engine.tables.holdWrites(true)
        defer { engine.tables.holdWrites(false) }
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        while watch.obstacles(engine).isEmpty { await Task.yield() }
        #expect(watch.obstacles(engine)[0].hasSuffix("its limit is 20 ms"))
    }
}

extension ControlPlaneTests.Fixture {
    fileprivate func table(_ name: String) -> TableEntry? { engine.catalog.snapshot.table(named: name) }
}
