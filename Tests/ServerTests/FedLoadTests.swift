import BulkLoad
import Catalog
import Foundation
import RPC
import Records
import Testing

@testable import Server

/// Loads into tables that a category feeds too: the batch up to the cut, the category from there on.
@Suite(.serialized) struct FedLoadTests {
    typealias Fixture = ControlPlaneTests.Fixture

    static let app = """
        CREATE APPLICATION shop OPTIONS (checkpoint = '1 ms');
        CREATE CATEGORY sales BUCKETS 2 FORMAT JSON;
        CREATE INPUT TABLE sales (item STRING, price INT64, at TIMESTAMP) FROM CATEGORY 'sales' TIME at;
        CREATE TABLE by_item AS
        SELECT item, COUNT(*) AS n, SUM(price) AS total, LAST(price) AS latest
        FROM sales WHERE price > 0 GROUP BY item;
        CREATE TABLE newest PRIMARY KEY (item) AS SELECT item, price, at FROM sales DELETE WHERE price < 0;
        """
    static let minute: Int64 = 60_000_000
    /// Event time of the first sale.
    static let start: Int64 = 1_700_000_000_000_000

    static func sale(_ index: Int, item: Int? = nil, price: Int? = nil, late: Int64 = 0) -> String {
        let time = Records.Timestamp.format(start + (Int64(index) - late) * minute)
        return #"{"item": "i\#(item ?? index % 3)", "price": \#(price ?? (index % 5 - 1) * 10), "at": "\#(time)"}"#
    }

    static func deployed(_ sales: [[String]]) async throws -> Fixture {
        let fixture = try Fixture()
        _ = try fixture.deploy(app)
        for (bucket, sales) in sales.enumerated() where !sales.isEmpty {
            try await fixture.append(sales, to: "sales", bucket: bucket)
        }
        return fixture
    }

    private func category(_ fixture: Fixture) throws -> UInt32 {
        try #require(fixture.engine.catalog.snapshot.category(named: "sales")).id
    }

    @Test(.timeLimit(.minutes(5)))
    func aCutAtEveryPositionGivesTheTableThatStreamingAllGives() async throws {
        let sales = [(0..<5).map { Self.sale($0) }, (5..<9).map { Self.sale($0) }]
        let fixture = try await Self.deployed(sales)
        let category = try category(fixture)
        for table in ["by_item", "newest"] {
            try await fixture.waitUntilApplied(9, of: table)
            let streamed = try fixture.values(of: table)
            #expect(streamed.count == 3)
            for first in 0...sales[0].count {
                for second in 0...sales[1].count {
                    let built = try fixture.build(
                        Array(sales[0][..<first] + sales[1][..<second]), for: table,
                        cut: .positions(category: category, offsets: [Int64(first), Int64(second)]))
                    let answer = try fixture.load(built, force: true)
                    #expect(answer.state == "building")
                    try await fixture.waitUntilServing(answer.version, of: table)
                    #expect(try fixture.values(of: table) == streamed, "cut at \(first), \(second)")
                }
            }
            let versions = try fixture.describe(table).versions
            #expect(versions.count == 3)
            #expect(versions.last?.cut.positions.offsets == [5, 4])
        }
    }

    @Test func recordsAfterACutCountOnceInTheLoadedVersionAndInTheFormerOne() async throws {
        let fixture = try await Self.deployed([(0..<50).map { Self.sale($0) }, []])
        try await fixture.waitUntilApplied(50, of: "by_item")
        let cut = try fixture.cut("sales")
        #expect(cut.offsets == [50, 0] && cut.category == "sales")
        let built = try fixture.build((0..<50).map { Self.sale($0) }, for: "by_item", cut: cut.cut)
        let engine = try #require(fixture.engine)
        let appender = Task {
            for batch in 0..<100 {
                try await engine.append(
                    (0..<10).map { Self.sale(50 + batch * 10 + $0) }, to: "sales", bucket: batch % 2)
            }
        }
        let answer = try fixture.load(built)
        try await fixture.waitUntilServing(answer.version, of: "by_item")
        try await appender.value
        try await fixture.waitUntilApplied(1050, of: "by_item")
        let loaded = try fixture.values(of: "by_item")
        // The standby is written before it serves.
        let back = try fixture.rollback("by_item")
        #expect(back.version == 1 && back.former == answer.version)
        #expect(try fixture.values(of: "by_item") == loaded)
        #expect(loaded.values.reduce(0) { $0 + (Self.number($1[0]) ?? 0) } == 1050 * 3 / 5)
        // And forward again, with what came meanwhile.
        try await fixture.append([Self.sale(1050, item: 1, price: 7)], to: "sales")
        try await fixture.waitUntilApplied(1051, of: "by_item")
        let now = try fixture.values(of: "by_item")
        _ = try fixture.rollback("by_item", to: answer.version)
        #expect(try fixture.values(of: "by_item") == now)
    }

    private static func number(_ value: Value) -> Int64? {
        if case .int64(let number) = value { number } else { nil }
    }

    @Test func aCutBeyondWhatHasComeYetIsSaid() async throws {
        let stream = (0..<100).map { Self.sale($0, price: 5) }
        for (minutes, isEarly) in [(40, false), (140, true)] as [(Int, Bool)] {
            let fixture = try Fixture()
            _ = try fixture.deploy(
                Self.app.replacingOccurrences(of: "'1 ms'", with: "'1 ms', watermark_confidence = '0.9'"))
            try await fixture.append(stream, to: "sales")
            try await fixture.waitUntilApplied(100, of: "by_item")
            let built = try fixture.build(
                Array(stream.prefix(minutes)), for: "by_item",
                cut: .eventTime(Self.start + Int64(minutes) * Self.minute))
            let answer = try fixture.load(built, force: true)
            #expect(answer.warnings.map { $0.contains("may be on their way") } == (isEarly ? [true] : []))
            try await fixture.waitUntilServing(answer.version, of: "by_item")
        }
    }

    @Test func aCutByEventTimeTakesOnlyWhatIsNotBeforeItForEver() async throws {
        // Two of the stream are before the cut: they are in the files, as far as those know.
        let stream = (0..<10).map { Self.sale($0, price: 5) }
        let fixture = try await Self.deployed([stream, []])
        try await fixture.waitUntilApplied(10, of: "by_item")
        let streamed = try fixture.values(of: "by_item")
        let time = Self.start + 4 * Self.minute
        let built = try fixture.build(Array(stream[..<4]), for: "by_item", cut: .eventTime(time))
        let answer = try fixture.load(built)
        #expect(answer.warnings.isEmpty)
        try await fixture.waitUntilServing(answer.version, of: "by_item")
        #expect(try fixture.values(of: "by_item") == streamed)
        func stragglers() throws -> UInt64? {
            try fixture.describe("by_item").versions.first { $0.number == answer.version }?.stragglers
        }
        #expect(try stragglers() == 4)
        // The former version counts a late one, the loaded one passes it over, after a restart too.
        try fixture.reopen()
        try await fixture.append([Self.sale(3, item: 0, price: 5), Self.sale(10, item: 0, price: 5)], to: "sales")
        try await fixture.waitUntilApplied(12, of: "by_item")
        #expect(try stragglers() == 5)
        let loaded = try #require(try fixture.values(of: "by_item").values.first { $0[0] == .int64(5) })
        #expect(loaded[1] == .int64(25))
        _ = try fixture.rollback("by_item")
        let former = try fixture.values(of: "by_item").values.map { $0[0] }
        #expect(former.contains(.int64(6)))
    }

    @Test func earliestCountsOnTopOfTheFilesAndReplaceOnlyWhatComes() async throws {
        let fixture = try await Self.deployed([[Self.sale(0, item: 1, price: 5)], []])
        try await fixture.waitUntilApplied(1, of: "by_item")
        let built = try fixture.build([Self.sale(0, item: 1, price: 100)], for: "by_item")
        let earliest = try fixture.load(built, live: "earliest")
        try await fixture.waitUntilServing(earliest.version, of: "by_item")
        #expect(try fixture.values(of: "by_item").values.map { $0[1] } == [.int64(105)])
        let replaced = try fixture.load(built, live: "replace", again: true)
        try await fixture.waitUntilServing(replaced.version, of: "by_item")
        #expect(try fixture.values(of: "by_item").values.map { $0[1] } == [.int64(100)])
        try await fixture.append([Self.sale(1, item: 1, price: 7)], to: "sales")
        try await fixture.waitUntilApplied(2, of: "by_item")
        #expect(try fixture.values(of: "by_item").values.map { $0[1] } == [.int64(107)])
    }

    @Test func aCutThatDoesNotFitIsRefusedInOneLine() async throws {
        let fixture = try await Self.deployed([(0..<4).map { Self.sale($0) }, []])
        _ = try fixture.deploy("CREATE TABLE planes (tailnum STRING, year INT64) PRIMARY KEY (tailnum);")
        try await fixture.waitUntilApplied(4, of: "by_item")
        let id = try category(fixture)
        func refusal(_ cut: Cut?, live: String = "", of table: String = "by_item") throws -> String {
            var built = try fixture.build([Self.sale(0)], for: "by_item", cut: cut)
            if table != "by_item" {
                built = try fixture.build(csv: "tailnum,year\nN1,2000\n", for: table)
                built.manifest.cut = cut
            }
            do {
                _ = try fixture.begin(built, live: live)
                return "accepted"
            } catch {
                return RPCError(error).message
            }
        }
        let none = try refusal(nil)
        for choice in ["--cut FILE", "--before TIME", "--from earliest", "--replace", "maser cut sales"] {
            #expect(none.contains(choice))
        }
        #expect(try refusal(.positions(category: id + 1, offsets: [0])).contains("another category"))
        #expect(
            try refusal(.positions(category: id, offsets: [0, 0, 0])).contains("3 buckets, and category sales has 2"))
        #expect(try refusal(.positions(category: id, offsets: [5, 0])).contains("which ends at 4"))
        #expect(try refusal(.positions(category: id, offsets: [-1, 0])).contains("which ends at 4"))
        #expect(try refusal(.positions(category: id, offsets: [4])) == "accepted")
        #expect(try refusal(.eventTime(Clock.now + 60 * Self.minute)).contains("yet to come"))
        #expect(try refusal(.earliest, live: "replace").contains("another cut already"))
        #expect(try refusal(nil, live: "tomorrow").contains("tomorrow"))
        #expect(try refusal(.replace, of: "planes").contains("filled by loads alone"))
        #expect(try refusal(nil, of: "planes") == "accepted")
        #expect(try fixture.describe("by_item").versions.map(\.number) == [1])
    }

    @Test func aLoadIsRefusedWhileItsAppCannotFillIt() async throws {
        let fixture = try await Self.deployed([[Self.sale(0)], []])
        let built = try fixture.build([Self.sale(0)], for: "by_item", cut: .earliest)
        let load = try fixture.upload(built)
        try fixture.stop("shop")
        #expect { try fixture.begin(built) } throws: { "\($0)".contains("stopped") }
        // What is here stays: nothing has to be sent again.
        #expect { try fixture.finish(load) } throws: { "\($0)".contains("stopped") }
        try fixture.start("shop")
        let answer = try fixture.finish(load, force: true)
        try await fixture.waitUntilServing(answer.version, of: "by_item")
    }

    @Test func aVersionWhoseChecksFailFollowsAndServesOnlyWhenAPersonSaysSo() async throws {
        let fixture = try await Self.deployed([(0..<30).map { Self.sale($0, item: $0, price: 5) }, []])
        try await fixture.waitUntilApplied(30, of: "by_item")
        // The load has lost most items.
        let built = try fixture.build(
            (0..<10).map { Self.sale($0, item: $0, price: 5) }, for: "by_item",
            cut: .positions(category: try category(fixture), offsets: [30, 0]))
        let answer = try fixture.load(built)
        try await fixture.waitUntil("by_item", version: answer.version, is: "held")
        var described = try fixture.describe("by_item")
        #expect(described.servingVersion == 1)
        let failed = try #require(described.versions.last?.checks.first { !$0.passed })
        #expect(failed.subject == "rows" && failed.former == 30 && failed.found == 10 && failed.limit == 0.5)
        // It is no version to go back to by itself, but follows as the others do.
        #expect { try fixture.rollback("by_item") } throws: { "\($0)".contains("no version") }
        try await fixture.append([Self.sale(99, item: 99, price: 5)], to: "sales")
        try await fixture.waitUntilApplied(31, of: "by_item")
        _ = try fixture.rollback("by_item", to: answer.version)
        #expect(try fixture.values(of: "by_item").count == 11)
        described = try fixture.describe("by_item")
        #expect(described.versions.map(\.state) == ["standby", "serving"])
        #expect(described.versions[1].forced)
        // The same load again, forced from the start.
        let forced = try fixture.load(built, again: true, force: true)
        try await fixture.waitUntilServing(forced.version, of: "by_item")
    }

    /// It is compared when it is nearly there, which says little of a version whose last records are most of it.
    @Test func onlyWhatAVersionLacksWhenItHasCaughtUpHoldsIt() async throws {
        let sales = (0..<3000).map { Self.sale($0, item: $0, price: 5) }
        let fixture = try await Self.deployed([sales, []])
        try await fixture.waitUntilApplied(3000, of: "by_item")
        let built = try fixture.build(
            [sales[0]], for: "by_item", cut: .positions(category: try category(fixture), offsets: [1, 0]))
        let engine = try #require(fixture.engine)
        let table = try #require(engine.catalog.snapshot.table(named: "by_item"))
        let app = try #require(engine.catalog.snapshot.app(named: "shop"))
        for _ in 0..<5 {
            let answer = try fixture.load(built, again: true)
            let id = RunnerID(app: app.id, building: .init(table: table.id, version: answer.version))
            _ = try ControlPlane(engine).finishBackfill(id)
            try await fixture.waitUntilServing(answer.version, of: "by_item")
            let version = try #require(try fixture.describe("by_item").versions.first { $0.number == answer.version })
            let failed = version.checks.filter { !$0.passed }
            #expect(failed.isEmpty)
        }
    }

    /// As where retention takes the records that it goes on with just when it is adopted.
    @Test func aLoadWhoseHistoryGoesMeanwhileWasNeverAdopted() async throws {
        let fixture = try await Self.deployed([[Self.sale(0)], []])
        try await fixture.waitUntilApplied(1, of: "by_item")
        try fixture.stop("shop")
        let version = try fixture.putBuildingVersion(of: "by_item", category: "sales")
        let engine = try #require(fixture.engine)
        try engine.catalog.update { catalog in
            var table = try #require(catalog.table(named: "by_item"))
            table.remember(AdoptedLoad(manifest: "other", version: 1, rows: 1))
            table.remember(AdoptedLoad(manifest: "this", version: version, rows: 1))
            try catalog.put(table)
        }
        let table = try #require(engine.catalog.snapshot.table(named: "by_item"))
        let sales = try #require(engine.catalog.snapshot.category(named: "sales"))
        #expect { try ControlPlane(engine).checkIsWhole([-1, 0], of: sales, version: version, table.id) } throws: {
            "\($0)".contains("dropped just now")
        }
        let left = try #require(engine.catalog.snapshot.table(named: "by_item"))
        #expect(left.versions.map(\.number) == [1])
        #expect(left.adoptedLoads?.map(\.manifest) == ["other"])
    }

    @Test func aVersionThatIsBeingReplayedGoesOnAfterARestart() async throws {
        let fixture = try await Self.deployed([(0..<20).map { Self.sale($0, price: 5) }, []])
        try await fixture.waitUntilApplied(20, of: "by_item")
        let streamed = try fixture.values(of: "by_item")
        let built = try fixture.build(
            (0..<5).map { Self.sale($0, price: 5) }, for: "by_item",
            cut: .positions(category: try category(fixture), offsets: [5, 0]))
        let load = try fixture.upload(built)
        // Everything that was sent is found by the next server.
        try fixture.reopen()
        let begun = try fixture.begin(built)
        #expect(begun.load == load)
        #expect(begun.received == built.files.map { Int64($0.count) })
        let answer = try fixture.finish(load)
        try fixture.reopen()
        try await fixture.waitUntilServing(answer.version, of: "by_item")
        #expect(try fixture.values(of: "by_item") == streamed)
        // An answer that was lost is given again.
        let repeated = try fixture.finish(load)
        #expect(repeated.version == answer.version && repeated.state == "serving")
        #expect { try fixture.begin(built) } throws: { "\($0)".contains("--again") }
        #expect { try fixture.finish("t1-0000000000000000") } throws: { "\($0)".contains("no load") }
    }

    @Test func aVersionThatIsBeingBuiltCanBeGivenUp() async throws {
        let fixture = try await Self.deployed([[Self.sale(0, price: 5)], []])
        try await fixture.waitUntilApplied(1, of: "by_item")
        let version = try fixture.putBuildingVersion(of: "by_item", category: "sales")
        #expect { try fixture.rollback("by_item", to: version) } throws: { "\($0)".contains("being built") }
        #expect { try fixture.drop(1, of: "by_item") } throws: { "\($0)".contains("serves") }
        try fixture.drop(version, of: "by_item")
        #expect { try fixture.drop(version, of: "by_item") } throws: { ($0 as? RPCError)?.code == .notFound }
        try await fixture.append([Self.sale(1, price: 5)], to: "sales")
        try await fixture.waitUntilApplied(2, of: "by_item")
    }
}

extension ControlPlaneTests.Fixture {
    /// Until the version that serves stands at the end, and there are so many records.
    func waitUntilApplied(_ records: Int64, of name: String) async throws {
        for _ in 0..<4000 {
            let catalog = engine.catalog.snapshot
            let table = try #require(catalog.table(named: name))
            let serving = try #require(table.versions.first { $0.number == table.servingVersion })
            if let (_, places) = try engine.apps.progress.places(of: serving, of: table, in: catalog),
                places.reduce(0, { $0 + $1.offset }) == records
            {
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(name) has not applied \(records) records")
    }
}
