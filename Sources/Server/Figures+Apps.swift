internal import Operations
internal import Processors

// Of each app, and of each bucket that it follows.

extension Figures {
    func add(_ status: AppRunnerStatus, to figures: inout FiguresSnapshot) {
        let labels: KeyValuePairs = ["app": status.app]
        figures.gauge(
            "maser_app_running", status.state == .running ? 1 : 0, labels: labels, help: "Whether an app runs")
        figures.counter(
            "maser_app_records_total", Double(status.records), labels: labels, help: "Records read from the log")
        figures.counter(
            "maser_app_dead_letters_total", Double(status.deadLetters), labels: labels,
            help: "Records that could not be applied and were kept")
        figures.counter(
            "maser_app_checkpoints_total", Double(status.checkpoints), labels: labels, help: "Checkpoints written")
        figures.gauge(
            "maser_app_checkpoint_seconds", Double(status.checkpointNanoseconds) / 1e9, labels: labels,
            help: "What writing the last checkpoint took")
        figures.gauge(
            "maser_app_partials", Double(status.partials), labels: labels,
            help: "Keys with a partial that no checkpoint has taken yet")
        figures.gauge(
            "maser_app_partial_bytes", Double(status.partialBytes), labels: labels,
            help: "Memory that those partials take, about")
        figures.counter(
            "maser_app_output_records_total", Double(status.outputRecords), labels: labels,
            help: "Records appended to output categories")
        figures.counter(
            "maser_app_oversized_panes_total", Double(status.oversizedPanes), labels: labels,
            help: "Panes that were too large for a record")
        figures.counter(
            "maser_app_late_after_final_total", Double(status.lateAfterFinal), labels: labels,
            help: "Records for a pane that was emitted as final already; the table has them")
        figures.counter(
            "maser_app_unmatched_records_total", Double(status.unmatchedRecords), labels: labels,
            help: "Records without a row in a table that they are joined with")
        for (stage, nanoseconds) in status.stageTimes.byName.sorted(by: { $0.key < $1.key }) {
            figures.counter(
                "maser_app_stage_seconds_total", Double(nanoseconds) / 1e9,
                labels: ["app": status.app, "stage": stage], help: "Where an app's time went")
        }
        for watermark in status.watermarks { add(watermark, of: status.app, to: &figures) }
        for bucket in status.buckets { add(bucket, of: status.app, to: &figures) }
    }

    private func add(
        _ watermark: AppRunnerStatus.Watermark, of app: String, to figures: inout FiguresSnapshot
    ) {
        let labels: KeyValuePairs = ["app": app, "input": watermark.input, "category": watermark.categoryName]
        if let time = watermark.time {
            figures.gauge(
                "maser_watermark_seconds", Double(time) / 1_000_000, labels: labels,
                help: "The event time before which nothing more is expected, in seconds since 1970")
        }
        figures.gauge(
            "maser_watermark_confidence", watermark.confidence, labels: labels,
            help: "The share of records that is to come before the watermark passes them")
        figures.counter(
            "maser_watermark_records_total", Double(watermark.records), labels: labels,
            help: "Records read while there was a watermark")
        figures.counter(
            "maser_watermark_late_records_total", Double(watermark.lateRecords), labels: labels,
            help: "Records that came behind the watermark as it stood")
    }

    private func add(_ bucket: AppRunnerStatus.Bucket, of app: String, to figures: inout FiguresSnapshot) {
        let labels: KeyValuePairs = [
            "app": app, "category": bucket.categoryName, "bucket": "\(bucket.bucket)",
        ]
        figures.gauge(
            "maser_bucket_position", Double(bucket.position), labels: labels,
            help: "The next record to apply, as the tables have it")
        figures.gauge(
            "maser_bucket_lag_records", Double(bucket.end - bucket.position), labels: labels,
            help: "Records in the log that the tables do not have yet")
        if bucket.freshness > 0 {
            figures.gauge(
                "maser_bucket_lag_seconds", max(0, Double(Clock.now - bucket.freshness) / 1e6), labels: labels,
                help: "How long ago everything was appended that the tables have")
        }
        figures.counter(
            "maser_bucket_records_total", Double(bucket.records), labels: labels, help: "Records read from the log")
        figures.counter(
            "maser_bucket_late_records_total", Double(bucket.lateRecords), labels: labels,
            help: "Records that came behind the watermark as it stood")
        figures.counter(
            "maser_bucket_dead_letters_total", Double(bucket.deadLetters), labels: labels,
            help: "Records that could not be applied")
    }
}
