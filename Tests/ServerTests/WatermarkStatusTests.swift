import Operations
import RPC
import Records
import Testing

@testable import Server

/// From records in the log to what people see.
@Suite(.serialized) struct WatermarkStatusTests {
    static let clicks = """
        CREATE APPLICATION clicks OPTIONS (checkpoint = '1 ms', watermark_confidence = '0.9');
        CREATE CATEGORY clicks BUCKETS 2 FORMAT JSON;
        CREATE INPUT TABLE clicks (at TIMESTAMP, page STRING) FROM CATEGORY 'clicks' TIME at;
        CREATE INPUT TABLE timeless (page STRING) FROM CATEGORY 'clicks';
        CREATE TABLE by_page AS SELECT page, COUNT(*) AS n FROM clicks [1 MINUTE] GROUP BY page;
        CREATE TABLE ever AS SELECT page, COUNT(*) AS n FROM timeless GROUP BY page;
        """

    @Test func statusAndMetricsShowTheWatermarkAndTheShareOfRecordsBehindIt() async throws {
        let fixture = try ControlPlaneTests.Fixture()
        _ = try fixture.deploy(Self.clicks)
        let start = try #require(Timestamp.parse("2020-01-01T00:00:00Z"))
        func click(_ second: Int64) -> String {
            #"{"at": "\#(Timestamp.format(start + second * 1_000_000))", "page": "a"}"#
        }
        func status() throws -> WireAppStatus {
            try #require(try StatusHandler(fixture.engine).status(WireStatusRequest(), for: .unlimited).apps.first)
        }
        /// The status of the only watermark, once it stands there.
        func status(at second: Int64, records: UInt64) async throws -> WireWatermarkStatus? {
            for _ in 0..<2000 {
                let watermarks = try status().watermarks
                #expect(watermarks.count <= 1, "an input without an event time has none")
                if let watermark = watermarks.first, watermark.hasWatermark, watermark.records == records,
                    watermark.watermark == start + second * 1_000_000
                {
                    return watermark
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("\(try status().watermarks)")
            return nil
        }
        // All in order, and all in one of the two buckets.
        try await fixture.append((0..<30).map { click($0) }, to: "clicks")
        let first = try await status(at: 29, records: 0)
        #expect(first?.input == "clicks")
        #expect(first?.category == "clicks")
        #expect(first?.confidence == 0.9)
        try await fixture.append([click(3), click(40), click(41), click(42)], to: "clicks")
        let second = try await status(at: 42, records: 4)
        #expect(second?.lateRecords == 1)
        let text = Figures(fixture.engine).snapshot.prometheusText
        let labels = #"{app="clicks",input="clicks",category="clicks"}"#
        #expect(text.contains("maser_watermark_seconds\(labels) \((start + 42_000_000) / 1_000_000)\n"), "\(text)")
        #expect(text.contains("maser_watermark_confidence\(labels) 0.9\n"))
        #expect(text.contains("maser_watermark_records_total\(labels) 4\n"))
        #expect(text.contains("maser_watermark_late_records_total\(labels) 1\n"))
    }
}
