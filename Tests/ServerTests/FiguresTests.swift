import Operations
import Processors
import RPC
import Testing

@testable import Server

/// What `/metrics` and `maser status` show of apps.
@Suite(.serialized) struct FiguresTests {
    typealias Fixture = ControlPlaneTests.Fixture

    @Test func everyBucketOfEveryAppIsShownWhetherItRunsOrNot() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        try await fixture.append([#"{"word": "a"}"#, "not JSON", #"{"word": "a"}"#], to: "words", bucket: 1)
        try await fixture.waitFor(2, of: "a")
        func text() -> String { Figures(fixture.engine).snapshot.prometheusText }
        let labels = #"{app="counts",category="words",bucket="1"}"#
        let running = text()
        #expect(running.contains("maser_bucket_records_total\(labels) 3\n"), "\(running)")
        #expect(running.contains("maser_bucket_dead_letters_total\(labels) 1\n"))
        #expect(running.contains("maser_bucket_position\(labels) 3\n"))
        #expect(running.contains("maser_bucket_lag_records\(labels) 0\n"))
        #expect(running.contains(#"maser_app_running{app="counts"} 1"# + "\n"))
        #expect(running.contains(#"maser_app_stage_seconds_total{app="counts",stage="decode"}"#))
        try fixture.stop("counts")
        try await fixture.append([#"{"word": "a"}"#], to: "words", bucket: 1)
        let stopped = text()
        #expect(stopped.contains("maser_bucket_lag_records\(labels) 1\n"), "\(stopped)")
        #expect(stopped.contains(#"maser_app_running{app="counts"} 0"# + "\n"))
    }

    @Test func aRateIsWhatCameBetweenTwoLooks() {
        let meter = ActivityMeter()
        var status = AppRunnerStatus(app: "a")
        status.records = 100
        meter.look(at: [status], now: 1_000_000)
        status.records = 400
        // Too soon for another look, and soon enough for an answer.
        meter.look(at: [status], now: 1_500_000)
        #expect(meter.rates(of: [status], now: 2_500_000).apps == ["a": 200])
        // A runner that was started again counts from 0 again.
        status.records = 10
        #expect(meter.rates(of: [status], now: 2_500_000).apps == ["a": 0])
    }
}
