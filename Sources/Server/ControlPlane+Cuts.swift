internal import BulkLoad
internal import Catalog
internal import Categories
internal import Foundation
internal import Processors
internal import RPC
internal import Records

/// Where a load's version goes on in its table's category.
struct Replay {
    var category: CategoryEntry
    var cut: Cut
    /// By bucket, the first record that counts.
    var startOffsets: [Int64]
    /// A line for a person each.
    var warnings: [String] = []
}

// A cut that does not fit would count records twice, or never: it is refused in a line that says what would fit.

extension ControlPlane {
    func cut(_ request: WireCutRequest) throws -> WireCutResponse {
        guard let category = engine.catalog.snapshot.category(named: request.category) else {
            throw RPCError.noCategory(request.category)
        }
        let offsets =
            request.hasAppendTime
            ? try starts(of: category, at: request.appendTime)
            : (0..<category.bucketCount).map { engine.categories.end(category: category.id, bucket: $0) }
        var response = WireCutResponse()
        response.cut = Data(try CutFile(category: category, takenAt: Clock.now, offsets: offsets).encoded())
        return response
    }

    /// What a person chose for a load without a cut.
    func cut(named live: String) throws -> Cut? {
        switch live {
        case "": nil
        case "earliest": .earliest
        case "replace": .replace
        default: throw RPCError(.invalidArgument, "a load goes on from earliest or with replace, not \(live)")
        }
    }

    /// nil for a table that only loads fill.
    func replay(
        of manifest: LoadManifest, _ terms: LoadTerms, into table: TableEntry, in catalog: CatalogSnapshot
    ) throws -> Replay? {
        if table.source.inputTable == nil {
            guard manifest.cut == nil else {
                throw RPCError(.refused, "table \(table.name) is filled by loads alone: there is no category to cut")
            }
            return nil
        }
        let (category, input) = try source(of: table, in: catalog)
        if let cut = manifest.cut, let choice = terms.cut, cut != choice {
            throw RPCError(
                .refused, "the load was built with another cut already; load it without `--from` and `--replace`")
        }
        guard let cut = manifest.cut ?? terms.cut else { throw noCut(table, category) }
        var replay = Replay(category: category, cut: cut, startOffsets: [])
        switch cut {
        case .positions(let id, let offsets):
            replay.startOffsets = try starts(of: category, id, offsets, table)
        case .eventTime(let time):
            (replay.startOffsets, replay.warnings) = try starts(of: category, input, eventTime: time, table)
        case .earliest:
            replay.startOffsets = (0..<category.bucketCount).map {
                engine.categories.start(category: category.id, bucket: $0)
            }
        case .replace:
            replay.startOffsets = (0..<category.bucketCount).map {
                engine.categories.end(category: category.id, bucket: $0)
            }
        }
        return replay
    }

    private func noCut(_ table: TableEntry, _ category: CategoryEntry) -> RPCError {
        RPCError(
            .refused,
            "category \(category.name) feeds table \(table.name) too, and the load does not say where its records go on: "
                + "`--cut FILE` counts those behind a place that `maser cut \(category.name)` printed before the files were "
                + "made, `--before TIME` those with an event time from then on, `--from earliest` all that are kept, on "
                + "top of the files, and `--replace` only those that are appended from now on")
    }

    private func starts(
        of category: CategoryEntry, _ id: UInt32, _ offsets: [Int64], _ table: TableEntry
    ) throws -> [Int64] {
        guard id == category.id else {
            throw RPCError(
                .refused,
                "the cut is one of another category (id \(id)); table \(table.name) is fed by \(category.name) (id "
                    + "\(category.id))")
        }
        guard offsets.count <= category.bucketCount else {
            throw RPCError(
                .refused,
                "the cut has \(offsets.count) buckets, and category \(category.name) has \(category.bucketCount)")
        }
        // A bucket that was added since is read from its first record.
        let starts = offsets + [Int64](repeating: 0, count: category.bucketCount - offsets.count)
        for (bucket, offset) in starts.enumerated() {
            let kept = engine.categories.start(category: category.id, bucket: bucket)
            let end = engine.categories.end(category: category.id, bucket: bucket)
            guard offset <= end, offset >= 0 else {
                throw RPCError(
                    .refused,
                    "the cut is at record \(offset) of bucket \(bucket) of category \(category.name), which ends at \(end)"
                )
            }
            guard offset >= kept else {
                throw RPCError(
                    .refused,
                    "the cut is at record \(offset) of bucket \(bucket) of category \(category.name), which is kept from "
                        + "record \(kept) on: make the files anew, with a newer cut")
            }
        }
        return starts
    }

    /// An event may be appended long before its time, so the replay begins that much earlier, as far as the category is kept.
    private func starts(
        of category: CategoryEntry, _ input: InputTableEntry, eventTime: Int64, _ table: TableEntry
    ) throws -> ([Int64], warnings: [String]) {
        guard input.eventTimeColumn != nil else {
            throw RPCError(
                .refused,
                "input table \(input.name) has no event time, so no time can be a cut of table \(table.name); `--cut FILE` is "
                    + "one of positions")
        }
        guard eventTime <= Clock.now else {
            throw RPCError(
                .refused,
                "the files end at \(Records.Timestamp.format(eventTime)), which is yet to come: table \(table.name) would count "
                    + "none of the events before that")
        }
        let kept = keptSince(category)
        guard eventTime >= kept else {
            throw RPCError(
                .refused,
                "the files end at \(Records.Timestamp.format(eventTime)), and category \(category.name) is kept from "
                    + "\(Records.Timestamp.format(kept)) on: what came in between would be missing")
        }
        let earliest = eventTime.subtractingReportingOverflow(EventTimeBounds.greatestLeadMicroseconds)
        let first = earliest.overflow ? .min : earliest.partialValue
        var warnings: [String] = []
        if let done = watermark(of: input, table), done < eventTime {
            warnings.append(
                "events from before \(Records.Timestamp.format(eventTime)) may be on their way still (the watermark of "
                    + "\(input.name) is at \(Records.Timestamp.format(done))): those that the files do not have are not counted"
            )
        }
        let starts = try (0..<category.bucketCount).map { bucket in
            max(
                engine.categories.start(category: category.id, bucket: bucket),
                try engine.categories.offset(category: category.id, bucket: bucket, atOrAfter: first))
        }
        if first < kept {
            warnings.append(
                "category \(category.name) is kept from \(Records.Timestamp.format(kept)) on: events from "
                    + "\(Records.Timestamp.format(eventTime)) on that were appended before that are not counted")
        }
        return (starts, warnings)
    }

    /// nil where nobody knows it: of so few records.
    private func watermark(of input: InputTableEntry, _ table: TableEntry) -> Int64? {
        guard let app = table.app.flatMap({ engine.catalog.snapshot.app(named: $0) }) else { return nil }
        return engine.apps.status(of: RunnerID(app: app.id))?.watermarks.first { $0.input == input.name }?.time
    }
}
