internal import Catalog
internal import Foundation
internal import Synchronization
internal import Tables

// A build has two halves. In the first, one thread reads source files in their order, and workers encode the rows and sort them into
// memory and runs. In the second, workers merge what is sorted and write files, a range of shards each. The journal has a line
// for whatever is finished.

/// One build at work, or going on with what a former one left.
final class VersionBuild {
    /// Parts of the memory that batches on their way take, and partials before they are sorted.
    private static let queueShare = 16
    private static let partialsShare = 4
    private static let greatestQueueBytes = 64 << 20

    private let builder: VersionBuilder
    private let journal: BuildJournal
    private let state: BuildState
    private let shape: RowShape
    private let sorter: RowSorter
    private var sources: [LoadManifest.Source] = []

    init(_ builder: VersionBuilder, _ work: WorkFolder, _ journal: BuildJournal) throws(BulkLoadError) {
        self.builder = builder
        self.journal = journal
        state = BuildState(journal)
        try work.clear(except: state.files)
        let table = builder.descriptor.table
        shape = RowShape(
            shardCount: builder.descriptor.shardCount, columnCount: table.columns.count, nulls: NullCounter(of: table))
        sorter = RowSorter(shape, journal: journal, runs: state.runs, step: builder.step)
    }

    func run(_ progress: (BuildProgress) -> Void) throws(BulkLoadError) -> LoadManifest {
        try readSources(progress)
        try builder.step(.allRead)
        try sorter.prepareToRead()
        let tally = sorter.tally
        let ranges = try plan(tally)
        let records = try write(ranges, tally, progress)
        return manifest(of: records, tally)
    }

    // MARK: Reading

    private func readSources(_ progress: (BuildProgress) -> Void) throws(BulkLoadError) {
        let threads = BuildThreads.count
        let queueBytes = min(builder.memoryBytes / Self.queueShare, Self.greatestQueueBytes)
        let share = max(0, builder.memoryBytes - queueBytes) / threads
        let partialsBytes = builder.descriptor.input == nil ? 0 : share / Self.partialsShare
        let queue = BatchQueue(limitBytes: queueBytes)
        let (sorter, builder) = (sorter, builder)
        let workers = BuildThreads(threads) { _ throws(BulkLoadError) in
            do throws(BulkLoadError) {
                let encoder = try builder.makeEncoder(partialsBytes: partialsBytes)
                try EncodeWorker(sorter, encoder, memoryBytes: share - partialsBytes).run(queue)
            } catch {
                queue.stop(error)
                throw error
            }
        }
        do throws(BulkLoadError) {
            try read(into: queue, progress)
            queue.finish()
        } catch {
            queue.stop(error)
            workers.wait()
            throw error
        }
        workers.wait()
        if let failure = workers.failure { throw failure }
    }

    private func read(into queue: BatchQueue, _ progress: (BuildProgress) -> Void) throws(BulkLoadError) {
        let covered = state.covered
        var rowsRead: Int64 = 0
        var bytesBefore: Int64 = 0
        for (number, file) in builder.sources.files.enumerated() {
            if let known = state.sources[number],
                covered.rest(of: RowRange(file: number, first: 0, count: Int(known.rows))).isEmpty
            {
                let (bytes, xxh3) = try ChunkedFile.measure(file.path)
                guard (bytes, xxh3) == (known.bytes, known.xxh3) else { throw Self.changed(file) }
                sources.append(known)
                rowsRead += known.rows
                bytesBefore += bytes
                continue
            }
            let reader = SourceReader(
                source: file, columns: builder.descriptor.sourceColumns, options: builder.sourceOptions)
            var rows = 0
            let (bytes, xxh3) = try reader.read { batch throws(BulkLoadError) in
                let range = RowRange(file: number, first: rows, count: batch.count)
                for rest in covered.rest(of: range) {
                    let part = batch.rows(rest.first - rows..<rest.end - rows)
                    try queue.push(BatchQueue.Item(batch: part, rows: rest, path: file.path))
                }
                rows += batch.count
                progress(
                    BuildProgress(
                        phase: .reading, done: bytesBefore + batch.bytesRead, total: builder.sources.bytes,
                        rows: rowsRead + Int64(rows)))
            }
            let source = LoadManifest.Source(name: file.name, bytes: bytes, xxh3: xxh3, rows: Int64(rows))
            if let known = state.sources[number] {
                guard known == source else { throw Self.changed(file) }
            } else {
                try journal.append(.source(number: number, source))
            }
            sources.append(source)
            rowsRead += source.rows
            bytesBefore += bytes
        }
    }

    private static func changed(_ file: SourceFile) -> BulkLoadError {
        BulkLoadError(.unreadableSource, "\(file.path) was changed while it was loaded; load it again")
    }

    // MARK: Writing

    private func plan(_ tally: RowTally) throws(BulkLoadError) -> [ShardRange] {
        if let ranges = state.ranges { return ranges }
        let ranges = ShardRange.plan(shardBytes: tally.shardBytes, fileBytes: builder.fileBytes)
        try journal.append(.ranges(ranges))
        try builder.step(.rangesPlanned)
        return ranges
    }

    private func write(
        _ ranges: [ShardRange], _ tally: RowTally, _ progress: (BuildProgress) -> Void
    ) throws(BulkLoadError) -> [RangeRecord] {
        let total = tally.shardRows.reduce(0, +)
        let counter = RowCounter()
        let writer = RangeWriter(
            folder: journal.folder, fileBytes: builder.fileBytes, table: shape, sorter: sorter, written: counter)
        let (journal, step) = (journal, builder.step)
        for range in state.finished.values { counter.add(range.shardRows.reduce(0, +)) }
        let shared = WriteState(
            next: ranges.indices.filter { state.finished[$0] == nil }, done: state.finished)
        let threads = BuildThreads(BuildThreads.count) { _ throws(BulkLoadError) in
            while let number = shared.take() {
                do throws(BulkLoadError) {
                    let record = try writer.write(ranges[number], number: number, expected: tally.shardRows)
                    try step(.rangeWritten)
                    try journal.append(.range(record))
                    try step(.rangeFinished)
                    shared.finish(record)
                } catch {
                    shared.stop()
                    throw error
                }
            }
        }
        threads.wait {
            progress(BuildProgress(phase: .writing, done: min(counter.count, total), total: total, rows: total))
        }
        if let failure = threads.failure { throw failure }
        progress(BuildProgress(phase: .writing, done: total, total: total, rows: total))
        return shared.records
    }

    private func manifest(of records: [RangeRecord], _ tally: RowTally) -> LoadManifest {
        let columns = builder.descriptor.table.columns
        let nulls = records.reduce(into: [Int64](repeating: 0, count: columns.count)) { sum, record in
            for (index, count) in record.nulls.enumerated() where index < sum.count { sum[index] += count }
        }
        let rows = records.flatMap(\.shardRows)
        return LoadManifest(
            table: builder.descriptor.table, shardCount: shape.shardCount, sources: sources,
            nullText: builder.nullText, cut: builder.cut, files: records.flatMap(\.files), shardRows: rows,
            shardBytes: records.flatMap(\.shardBytes),
            nulls: shape.nulls == nil
                ? []
                : zip(columns, nulls).map { LoadManifest.ColumnNulls(column: $0.name, count: $1) },
            samples: SampledRows.thinned(records.flatMap(\.samples)), duplicates: tally.taken - rows.reduce(0, +),
            leftOut: tally.leftOut)
    }
}

/// Which ranges are to be written, and which are.
private final class WriteState: Sendable {
    private struct State {
        var next: ArraySlice<Int>
        var done: [Int: RangeRecord]
    }

    private let state: Mutex<State>

    init(next: [Int], done: [Int: RangeRecord]) {
        state = Mutex(State(next: next[...], done: done))
    }

    func take() -> Int? { state.withLock { $0.next.popFirst() } }
    func stop() { state.withLock { $0.next = [] } }
    func finish(_ record: RangeRecord) { state.withLock { $0.done[record.number] = record } }

    /// In the order of their keys.
    var records: [RangeRecord] { state.withLock { $0.done.values.sorted { $0.number < $1.number } } }
}
