import Catalog
import Categories
import RPC
import RocksDB
import Testing

@testable import Server

/// Apps that people stop and start.
@Suite(.serialized) struct StopTests {
    typealias Fixture = ControlPlaneTests.Fixture

    @Test func aStoppedAppStaysStoppedOverARestartAndGoesOnWhereItWas() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        try await fixture.append([#"{"word": "a"}"#, #"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(2, of: "a")
        try fixture.stop("counts")
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try fixture.reopen()
        let status = try #require(try fixture.status().apps.first)
        #expect(status.state == "stopped")
        #expect(status.buckets.map(\.position) == [2, 0])
        #expect(status.buckets.map(\.end) == [3, 0])
        #expect(try fixture.count(of: "a") == 2)
        try fixture.start("counts")
        try await fixture.waitFor(3, of: "a")
        #expect(try fixture.status().apps.first?.state == "running")
    }

    @Test func stoppingAndStartingUnderLoadLosesNothingAndRepeatsNothing() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        let engine = try #require(fixture.engine)
        let appender = Task {
            for batch in 0..<100 {
                try await engine.append(
                    (0..<50).map { #"{"word": "\#($0 % 7 == 0 ? "seventh" : "other")"}"# }, to: "words",
                    bucket: batch % 2)
            }
        }
        for _ in 0..<10 {
            try fixture.stop("counts")
            try fixture.start("counts")
            await Task.yield()
        }
        try await appender.value
        try await fixture.waitFor(100 * 8, of: "seventh")
        try await fixture.waitFor(100 * 42, of: "other")
    }

    @Test func stoppingTwiceIsStoppingOnceAndAStartNeedsAnApp() throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        try fixture.stop("counts")
        try fixture.stop("COUNTS")
        // Deploying what is there changes nothing, not even that.
        #expect(try fixture.deploy(ControlPlaneTests.counts).changes.isEmpty)
        #expect(try fixture.status().apps.first?.state == "stopped")
        #expect { try fixture.start("none") } throws: { ($0 as? RPCError)?.code == .notFound }
    }

    @Test func aStopThatCannotBeWrittenLeavesTheAppRunning() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        fixture.engine.catalog.failNextWrite(with: RocksDBError(.noSpace, "no space"))
        #expect(throws: CatalogError.self) { try fixture.stop("counts") }
        try await fixture.append([#"{"word": "a"}"#], to: "words")
        try await fixture.waitFor(1, of: "a")
    }

    @Test func aStoppedAppCanBeDeleted() throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        try fixture.stop("counts")
        var request = WireDeleteAppRequest()
        request.app = "counts"
        _ = try ControlPlane(fixture.engine).delete(request)
        #expect(try fixture.status().apps.isEmpty)
    }
}

extension ControlPlaneTests.Fixture {
    func stop(_ app: String) throws {
        var request = WireStopAppRequest()
        request.app = app
        _ = try ControlPlane(engine).stop(request)
    }

    func start(_ app: String) throws {
        var request = WireStartAppRequest()
        request.app = app
        _ = try ControlPlane(engine).start(request)
    }

    func status() throws -> WireStatusResponse {
        try StatusHandler(engine).status(WireStatusRequest(), for: .unlimited)
    }
}
