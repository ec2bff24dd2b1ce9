import Operations
import Testing

@Suite("The text that Prometheus reads")
struct PrometheusTextTests {
    @Test("samples of one figure stand together under one help and type")
    func samplesAreGrouped() {
        var snapshot = FiguresSnapshot()
        snapshot.counter("maser_records_total", 5, labels: ["app": "delays"], help: "Records applied.")
        snapshot.gauge("maser_disk_bytes", 1_048_576, help: "Bytes on disk.")
        snapshot.counter("maser_records_total", 7, labels: ["app": "b", "bucket": "0"], help: "Records applied.")
        #expect(
            snapshot.prometheusText == """
                # HELP maser_records_total Records applied.
                # TYPE maser_records_total counter
                maser_records_total{app="delays"} 5
                maser_records_total{app="b",bucket="0"} 7
                # HELP maser_disk_bytes Bytes on disk.
                # TYPE maser_disk_bytes gauge
                maser_disk_bytes 1048576

                """)
    }

    @Test("backslashes, quotes and line breaks are escaped")
    func textIsEscaped() {
        var snapshot = FiguresSnapshot()
        snapshot.gauge("a", 0, labels: ["x": "1\\2\"3\n4"], help: "one \\ \"two\"\nthree")
        #expect(
            snapshot.prometheusText
                == "# HELP a one \\\\ \"two\"\\nthree\n# TYPE a gauge\na{x=\"1\\\\2\\\"3\\n4\"} 0\n")
    }

    @Test(
        "numbers that are not finite have Prometheus' names, whole ones no fraction",
        arguments: [
            (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (0.25, "0.25"), (-3, "-3"),
            (1e300, "1e+300"),
        ])
    func numbersAreWritten(value: Double, text: String) {
        var snapshot = FiguresSnapshot()
        snapshot.gauge("a", value, help: "")
        #expect(snapshot.prometheusText.hasSuffix("\na \(text)\n"))
    }

    @Test("a snapshot of nothing is empty text")
    func nothingIsEmpty() {
        #expect(FiguresSnapshot().prometheusText == "")
    }
}
