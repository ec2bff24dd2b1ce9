internal import RPC
internal import Records

/// A block for each app: what it does, and where it stands in every bucket.
func printApps(_ apps: [WireAppStatus], _ now: Int64) {
    for app in apps {
        Output.standard.line()
        printSheet(sheet(of: app, now))
        printBuckets(app.buckets, now)
        printWatermarks(app.watermarks)
    }
}

private func sheet(of app: WireAppStatus, _ now: Int64) -> [(name: String, text: String)] {
    let freshness = app.buckets.map(\.freshness).min()
    var lines: [(name: String, text: String)] = [
        ("app", "\(app.name), generation \(app.generation)"),
        ("state", app.failure.isEmpty ? app.state : "\(app.state): \(app.failure)"),
        (
            "records",
            "\(HumanText.count(app.records)) applied since it started, \(rate(app.recordsPerSecond)); "
                + "\(HumanText.count(app.lag)) to apply"
                + (freshness.map { ", fresh \(HumanText.age($0, now: now))" } ?? "")
        ),
    ]
    if app.checkpoints > 0 {
        let seconds = HumanText.seconds(Double(app.checkpointMicroseconds) / 1e6)
        lines.append(
            (
                "checkpoints",
                "\(HumanText.count(app.checkpoints)), the last in \(seconds); \(HumanText.count(app.partials)) partials in "
                    + "memory (\(HumanText.bytes(app.partialBytes)))"
            ))
    }
    var lost: [String] = []
    if app.deadLetters > 0 { lost.append("\(HumanText.count(app.deadLetters)) dead letters") }
    if app.unmatchedRecords > 0 { lost.append("\(HumanText.count(app.unmatchedRecords)) without a row to join") }
    if app.lateAfterFinal > 0 { lost.append("\(HumanText.count(app.lateAfterFinal)) after their pane was final") }
    if !lost.isEmpty { lines.append(("apart", lost.joined(separator: ", "))) }
    if app.outputRecords > 0 {
        let noun = app.outputRecords == 1 ? "record" : "records"
        lines.append(("output", "\(HumanText.count(app.outputRecords)) \(noun)"))
    }
    if let stages = stages(of: app) { lines.append(("time", stages)) }
    return lines
}

/// Where the app's time went, the longest first.
private func stages(of app: WireAppStatus) -> String? {
    let total = app.stageNanoseconds.values.reduce(0, +)
    guard total > 0 else { return nil }
    return app.stageNanoseconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.compactMap { stage, time in
        let percent = Int((Double(time) * 100 / Double(total)).rounded())
        return percent > 0 ? "\(stage) \(percent)%" : nil
    }.joined(separator: ", ")
}

private func printBuckets(_ buckets: [WireBucketStatus], _ now: Int64) {
    if buckets.isEmpty { return }
    var table = TextTable([
        .init(name: "category"), .init(name: "bucket", isNumber: true), .init(name: "position", isNumber: true),
        .init(name: "to apply", isNumber: true), .init(name: "fresh"), .init(name: "records/s", isNumber: true),
        .init(name: "late", isNumber: true), .init(name: "dead letters", isNumber: true),
    ])
    for bucket in buckets {
        table.append([
            bucket.category, String(bucket.bucket), HumanText.count(bucket.position), HumanText.count(bucket.lag),
            HumanText.age(bucket.freshness, now: now), HumanText.count(Int64(bucket.recordsPerSecond.rounded())),
            bucket.lateShare.map { HumanText.number($0) } ?? "", HumanText.count(bucket.deadLetters),
        ])
    }
    table.print()
}

private func printWatermarks(_ watermarks: [WireWatermarkStatus]) {
    if watermarks.isEmpty { return }
    var table = TextTable([
        .init(name: "input"), .init(name: "watermark"), .init(name: "confidence", isNumber: true),
        .init(name: "late", isNumber: true),
    ])
    for watermark in watermarks {
        table.append([
            watermark.input, watermark.hasWatermark ? HumanText.moment(watermark.watermark) : "none yet",
            "\(watermark.confidence)", watermark.lateShare.map { HumanText.number($0) } ?? "",
        ])
    }
    table.print()
}

private func rate(_ recordsPerSecond: Double) -> String {
    "\(HumanText.count(Int64(recordsPerSecond.rounded()))) a second"
}

extension WireAppStatus {
    /// Records that are appended and not applied.
    var lag: Int64 { buckets.reduce(0) { $0 + $1.lag } }
}

extension WireWatermarkStatus {
    /// nil where no record was seen that could have been late.
    var lateShare: Double? { records == 0 ? nil : Double(lateRecords) / Double(records) }
}

extension WireBucketStatus {
    var lag: Int64 { max(end - position, 0) }

    /// How long ago everything was appended that is applied; nil where nothing is.
    func lagSeconds(_ now: Int64) -> Double? {
        freshness > 0 ? max(0, Double(now - freshness) / 1e6) : nil
    }

    /// nil where no record was read.
    var lateShare: Double? { records == 0 ? nil : Double(lateRecords) / Double(records) }
}
