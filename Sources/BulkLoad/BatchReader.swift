package import Catalog
internal import Processors
internal import Records
package import Tables

/// A file of records: a line each, as the format of their category has them, or the rows of a Parquet or ORC file.
package struct BatchSource: Sendable {
    package static let greatestNumber = UpsertOrder.greatestBatchFile

    /// `-` is standard input.
    package var path: String
    /// Names of the input tables whose records they are.
    package var inputs: Set<String>
    /// Of all files of the batch: in upserts the later file wins.
    package var number: Int
    /// Its first line names columns and is no record.
    package var hasHeader: Bool

    package init(path: String, inputs: Set<String>, number: Int, hasHeader: Bool = false) {
        self.path = path
        self.inputs = inputs
        self.number = number
        self.hasHeader = hasHeader
    }
}

/// Runs tables' own plans over batch files.
package final class BatchReader {
    private let inputs: [InputTableEntry]
    private let run: BatchRun
    /// Called with what the tables made of the records so far, whenever that is much, and at the end.
    private let partials: ([VersionMerges]) throws -> Void

    /// Of `tables` those are filled that a query over one of `inputs` fills.
    package init(
        inputs: [InputTableEntry], tables: [TableEntry], joined: JoinedTables,
        partials: @escaping ([VersionMerges]) throws -> Void
    ) throws(BulkLoadError) {
        self.inputs = inputs
        self.partials = partials
        do {
            run = try BatchRun(
                inputs: inputs, tables: tables, shardCount: BatchStore.shardCount, joinable: joined.tables,
                lookup: joined.lookup)
        } catch {
            throw BulkLoadError(error)
        }
    }

    /// Applies every record of a source and returns how many there were. What cannot be applied is `refused`, which may throw
    /// to end it all. `progress` is told the bytes read.
    package func read(
        _ source: BatchSource, progress: (Int64) -> Void = { _ in },
        refused: (SourcePlace, String) throws -> Void
    ) throws -> Int {
        if source.path != "-", SourceFormat(path: source.path)?.rows.isColumnar == true {
            return try readColumns(source, progress: progress, refused: refused)
        }
        var rows = 0
        try LineChunk.read(source.path, skipsFirst: source.hasHeader) { chunk, file, bytesRead in
            let refusals: [BatchRun.Refused]
            do throws(ProcessorsError) {
                refusals = try run.apply(chunk.values, to: source.inputs, file: source.number, firstRow: rows)
            } catch {
                throw BulkLoadError(error)
            }
            rows += chunk.values.count
            for refusal in refusals {
                try refused(SourcePlace(file: file, line: chunk.lines[refusal.record]), refusal.reason)
            }
            if run.isFull { try partials(run.takeMerges()) }
            progress(bytesRead)
        }
        return rows
    }

    /// The file has every column of the input tables, by name; a value of another type is no record that could be left out, but
    /// another file than was meant.
    private func readColumns(
        _ source: BatchSource, progress: (Int64) -> Void, refused: (SourcePlace, String) throws -> Void
    ) throws -> Int {
        var rows = 0
        for input in inputs where source.inputs.contains(input.name) {
            rows = 0
            let reader = SourceReader(source: SourceFile(path: source.path), columns: input.columns)
            try reader.readEach { batch in
                let applied: BatchRun.Applied
                do throws(ProcessorsError) {
                    applied = try run.apply(
                        RecordBatch(count: batch.count, columns: batch.columns), to: input.name, file: source.number,
                        firstRow: batch.firstRow)
                } catch {
                    throw BulkLoadError(error)
                }
                for refusal in applied.refused {
                    try refused(batch.place(of: refusal.record, in: source.path), refusal.reason)
                }
                rows += batch.count
                if run.isFull { try partials(run.takeMerges()) }
                progress(batch.bytesRead)
            }
        }
        return rows
    }

    /// There are no more sources.
    package func finish() throws {
        try partials(run.takeMerges())
    }
}

extension BulkLoadError {
    init(_ error: ProcessorsError) {
        self.init(error.code == .invalidPlan ? .wrongPlan : .storage, error.description, cause: error)
    }
}
