import BulkLoad
import Bytes
import Catalog
import Foundation
import RPC
import Records
import RocksDB
import Synchronization
import Tables
import Testing

@testable import Server

/// Loads of tables that nothing else fills, as a client asks for them.
@Suite(.serialized) struct LoadTests {
    typealias Fixture = ControlPlaneTests.Fixture

    static let planes = "CREATE TABLE planes (tailnum STRING, year INT64, built INT64) PRIMARY KEY (tailnum);"

    static func csv(_ rows: Int, year: Int) -> String {
        (0..<rows).reduce(into: "tailnum,year,built\n") { $0 += "N\($1),\(year),\(year)\n" }
    }

    private func deployed() throws -> Fixture {
        let fixture = try Fixture()
        _ = try fixture.deploy(Self.planes)
        return fixture
    }

    private func year(_ fixture: Fixture, _ tailnum: String = "N7") throws -> Value? {
        try fixture.rows(of: "planes").first { $0.key == [.string(tailnum)] }?.values[0]
    }

    @Test func versionsServeInTurnAndComeBack() throws {
        let fixture = try deployed()
        for year in 2000..<2004 {
            let answer = try fixture.load(try fixture.build(csv: Self.csv(50, year: year), for: "planes"))
            #expect(answer.state == "serving" && answer.rows == 50)
        }
        #expect(try fixture.describe("planes").versions.map(\.number) == [2, 3, 4])
        #expect(try fixture.rollback("planes").version == 3)
        #expect(try year(fixture) == .int64(2002))
        #expect(try fixture.rollback("planes").version == 2)
        #expect { try fixture.rollback("planes") } throws: { "\($0)".contains("no version of table planes before 2") }
        try fixture.reopen()
        #expect(try year(fixture) == .int64(2001))
        #expect(try fixture.rollback("planes", to: 4).former == 2)
        #expect(try year(fixture) == .int64(2003))
        #expect { try fixture.rollback("planes", to: 1) } throws: { ($0 as? RPCError)?.code == .notFound }
        try fixture.drop(2, of: "planes")
        #expect(try fixture.describe("planes").versions.map(\.state) == ["standby", "serving"])
        // Its number does not come again.
        let next = try fixture.load(try fixture.build(csv: Self.csv(50, year: 2010), for: "planes"))
        #expect(next.version == 5)
    }

    @Test func afterARollbackTheVersionThatServedUntilNowIsKept() throws {
        let fixture = try deployed()
        for year in 2000..<2004 {
            _ = try fixture.load(try fixture.build(csv: Self.csv(50, year: year), for: "planes"))
        }
        _ = try fixture.rollback("planes", to: 2)
        let next = try fixture.load(try fixture.build(csv: Self.csv(50, year: 2010), for: "planes"))
        #expect(try fixture.describe("planes").versions.map(\.number) == [2, 4, next.version])
        // Whatever is held in between.
        for year in 2011..<2014 {
            let held = try fixture.load(try fixture.build(csv: Self.csv(5, year: year), for: "planes"))
            #expect(held.state == "held")
        }
        #expect(try fixture.describe("planes").versions.map(\.number) == [2, 4, 5, 8])
        #expect(try fixture.rollback("planes").version == 2)
        #expect(try year(fixture) == .int64(2001))
        #expect(try fixture.describe("planes").versions.last?.state == "held")
    }

    @Test func aLoadThatLostMostRowsIsHeldAndSaysWhy() throws {
        let fixture = try deployed()
        _ = try fixture.load(try fixture.build(csv: Self.csv(50, year: 2000), for: "planes"))
        let answer = try fixture.load(try fixture.build(csv: Self.csv(5, year: 2001), for: "planes"))
        #expect(answer.state == "held")
        #expect(answer.checks.contains { $0.subject == "rows" && $0.former == 50 && $0.found == 5 && !$0.passed })
        #expect(try year(fixture, "N2") == .int64(2000))
        _ = try fixture.rollback("planes", to: answer.version)
        #expect(try year(fixture, "N2") == .int64(2001))
    }

    /// A file of another load under the right name, and bytes that turned on the way.
    @Test func whatIsNotWhatItsManifestSaysNeverServes() throws {
        let fixture = try deployed()
        _ = try fixture.load(try fixture.build(csv: Self.csv(50, year: 2000), for: "planes"))
        let good = try fixture.build(csv: Self.csv(50, year: 2001), for: "planes")
        for place in stride(from: 0, to: good.files[0].count, by: max(1, good.files[0].count / 40)) {
            var bad = good
            bad.files[0][place] ^= 0x20
            #expect { try fixture.load(bad) } throws: { "\($0)".contains("is not what its manifest says") }
        }
        let manifest = try good.bytes
        for place in stride(from: 0, to: manifest.count, by: max(1, manifest.count / 40)) {
            var bytes = manifest
            bytes[place] ^= 0x10
            var request = WireBeginLoadRequest()
            request.manifest = Data(bytes)
            #expect(throws: (any Error).self) { try ControlPlane(fixture.engine).beginLoad(request) }
        }
        #expect(try fixture.describe("planes").versions.map(\.number) == [1])
        #expect(try year(fixture) == .int64(2000))
        #expect(try fixture.load(good).state == "serving")
    }

    @Test func aLoadForAnythingElseIsRefusedInOneLine() throws {
        let fixture = try deployed()
        let built = try fixture.build(csv: Self.csv(5, year: 2000), for: "planes")
        func refusal(_ change: (inout LoadManifest) -> Void) -> String {
            var other = built
            change(&other.manifest)
            do {
                _ = try fixture.begin(other)
                return "accepted"
            } catch {
                return RPCError(error).message
            }
        }
        #expect(refusal { $0.table.id = 99 }.contains("no table planes"))
        #expect(refusal { $0.table.schemaRevision = 9 }.contains("revision 9"))
        #expect(refusal { $0.shards.count = 32 }.contains("another sharding"))
        #expect(refusal { _ in } == "accepted")
    }

    /// What the catalog says in the end is what is there, whichever way an undecided write went.
    @Test(arguments: [false, true])
    func aSwitchWhoseFateIsUnknownSettles(isWritten: Bool) async throws {
        let fixture = try deployed()
        _ = try fixture.load(try fixture.build(csv: Self.csv(50, year: 2000), for: "planes"))
        let load = try fixture.upload(try fixture.build(csv: Self.csv(50, year: 2001), for: "planes"))
        fixture.engine.catalog.failNextWrite(with: .init(.ioError, "cannot sync"), afterWriting: isWritten)
        let answer = try? fixture.finish(load)
        #expect((answer == nil) == !isWritten)
        #expect(try year(fixture) == .int64(isWritten ? 2001 : 2000))
        // Asked again, whoever lost the answer learns what became of it.
        if isWritten {
            #expect(try fixture.finish(load).version == 2)
        } else {
            #expect { try fixture.finish(load) } throws: { "\($0)".contains("no load") }
        }
        try fixture.reopen()
        #expect(try year(fixture) == .int64(isWritten ? 2001 : 2000))
        #expect(try fixture.load(try fixture.build(csv: Self.csv(50, year: 2002), for: "planes")).state == "serving")
        #expect(try year(fixture) == .int64(2002))
    }

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    /// What a reader found who never stopped.
    private struct Sightings: Sendable {
        var lookups = 0
        var seen: Set<Value> = []
        var failures: [String] = []
    }

    /// Reads the first rows of `planes`, all of whose values have to be one. `patience` is for how many lookups a request holds on
    /// to its catalog.
    private static func read(_ engine: Engine, patience: Int, into sightings: inout Sightings) throws {
        var keys = ByteStrings()
        for number in 0..<20 {
            var writer = ByteWriter()
            try writer.append(tuple: .string("N\(number)"))
            keys.append(writer.bytes)
        }
        let table: TableEntry = try #require(engine.catalog.snapshot.table(named: "planes"))
        for _ in 0..<patience {
            sightings.lookups += 1
            let rows: PresentedRows = try engine.tables.columns(table.columns, of: table, keys: keys)
            var values: Set<Value> = []
            for column in rows.columns {
                for row in 0..<keys.count { values.insert(column.value(at: row)) }
            }
            if values.count != 1 || values.contains(Value.null) { sightings.failures.append("\(values)") }
            sightings.seen.formUnion(values)
            let page = try engine.tables.scan(table, ScanRange())
            if page.keys.count != 20 { sightings.failures.append("\(page.keys.count) rows") }
        }
    }

    /// Every row of an answer is of one version, and every lookup finds its rows, while versions come, go back and are dropped.
    @Test func lookupsSeeOneVersionThroughEverySwitch() async throws {
        let fixture = try deployed()
        let engine = try #require(fixture.engine)
        _ = try fixture.load(try fixture.build(csv: Self.csv(20, year: 1), for: "planes"))
        let isDone = Flag()
        let result = try await withThrowingTaskGroup(of: Sightings.self) { group -> [Sightings] in
            group.addTask {
                var sightings = Sightings()
                while !isDone.isSet.load(ordering: .relaxed) {
                    do {
                        try Self.read(engine, patience: sightings.lookups % 7 == 0 ? 50 : 1, into: &sightings)
                    } catch {
                        sightings.failures.append("\(error)")
                    }
                }
                return sightings
            }
            defer { isDone.isSet.store(true, ordering: .relaxed) }
            for year in 2...25 {
                let answer = try fixture.load(try fixture.build(csv: Self.csv(20, year: year), for: "planes"))
                #expect(answer.state == "serving")
                if year % 4 == 0 {
                    let back = try fixture.rollback("planes")
                    if year % 8 == 0 { try fixture.drop(back.former, of: "planes") }
                }
            }
            isDone.isSet.store(true, ordering: .relaxed)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for sightings in result {
            #expect(sightings.failures.isEmpty, "\(sightings.failures.prefix(3)) in \(sightings.lookups) lookups")
            #expect(sightings.seen.count > 1)
        }
    }

    /// An app joins the table all the while: each record finds one version or the other, and none is lost.
    @Test func aTableIsLoadedAnewWhileAnAppJoinsIt() async throws {
        let fixture = try deployed()
        _ = try fixture.load(try fixture.build(csv: Self.csv(10, year: 1), for: "planes"))
        _ = try fixture.deploy(
            """
            CREATE APPLICATION trips OPTIONS (checkpoint = '1 ms');
            CREATE CATEGORY flights BUCKETS 1 FORMAT JSON;
            CREATE INPUT TABLE flights (tailnum STRING) FROM CATEGORY 'flights';
            CREATE TABLE by_year AS SELECT p.year, COUNT(*) AS n, MIN(p.built) AS least, MAX(p.built) AS greatest
            FROM flights AS f JOIN planes AS p ON f.tailnum = p.tailnum GROUP BY p.year;
            """)
        let engine = try #require(fixture.engine)
        let appender = Task {
            for _ in 0..<60 {
                try await engine.append((0..<10).map { #"{"tailnum": "N\#($0)"}"# }, to: "flights", bucket: 0)
            }
        }
        for year in 2...12 {
            _ = try fixture.load(try fixture.build(csv: Self.csv(10, year: year), for: "planes"))
        }
        try await appender.value
        try await fixture.waitUntilApplied(600, of: "by_year")
        var total: Int64 = 0
        for (key, values) in try fixture.rows(of: "by_year") {
            guard case .int64(let year)? = key.first, case .int64(let count) = values[0] else { continue }
            total += count
            #expect(values[1] == .int64(year) && values[2] == .int64(year))
        }
        #expect(total == 600)
    }
}
