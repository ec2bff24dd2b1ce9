internal import Bytes
internal import Catalog
internal import Categories
internal import Records
internal import Tables

/// Reads panes that wait to be emitted, as their table has them now, and appends them to their output category.
struct PaneEmitter: Sendable {
    /// Of one round at most, so that a round's keys fit into memory and into a checkpoint.
    static let greatestRoundCount = 65_536
    /// Where the rows have to wait in memory as well.
    private static let greatestHeldCount = 4096
    private static let readCount = 1024
    /// A header of each record, in decimal: a later revision of a pane has a greater one.
    static let revisionHeader = "revision"

    let table: TableEntry
    let semantics: Semantics
    /// Before which start panes are emitted: those that are final, or all.
    let emission: PaneQuery.Emission
    private let stores: OutputStores
    private let category: CategoryEntry
    private let appender: OutputAppender
    private let keyColumn: Int
    private let producer: [UInt8]?
    private let writer: JSONRowWriter
    let greatestRoundCount: Int

    init(
        _ category: CategoryEntry, _ query: PaneQuery, table: TableEntry, app: AppEntry, stores: OutputStores,
        greatestRoundCount: Int
    ) throws(ProcessorsError) {
        guard table.pane != nil, table.keyColumns.indices.contains(query.keyColumn) else {
            throw ProcessorsError(.invalidPlan, "output category \(category.name) has no panes to emit")
        }
        self.table = table
        self.category = category
        self.stores = stores
        semantics = app.options.output
        self.greatestRoundCount =
            semantics == .atMostOnce ? min(greatestRoundCount, Self.greatestHeldCount) : greatestRoundCount
        emission = query.emission
        keyColumn = query.keyColumn
        appender = OutputAppender(category, in: stores.categories)
        let hasProducer = semantics == .exactlyOnce && !stores.tables.switches.duplicatesOutputs
        producer = hasProducer ? Array("panes/\(table.id)".utf8) : nil
        writer = JSONRowWriter(names: table.keyColumns.map(\.name) + table.columns.map(\.name))
    }

    /// Panes that start before it are emitted by a round that is begun with `bound`.
    func limit(_ bound: Int64) -> Int64 { emission == .final ? bound : .max }

    /// Reads and appends the rows of the round that `emission` says has begun. Whoever would rather lose rows than repeat them
    /// gets them back, to be appended when the round is over.
    func emit(_ emission: PaneEmission, from lower: Int64) throws(ProcessorsError) -> EmittedPanes {
        var panes = try pending(from: lower, before: limit(emission.bound), count: emission.limit)
        var gathered = Gathered(chunk: OutputChunk(bucketCount: category.bucketCount))
        let headers = [RecordHeader(name: Self.revisionHeader, value: Array(String(emission.round).utf8))]
        for first in stride(from: 0, to: panes.markers.count, by: Self.readCount) {
            let rows = first..<min(first + Self.readCount, panes.markers.count)
            let columns = try self.columns(of: panes.markers.keys.gather(Array(rows)))
            gathered.oversizedCount += columns.unreadable.count
            for (index, row) in rows.enumerated() where columns.isFound[index] {
                append(
                    columns.columns, row: index, sequence: emission.sequence + Int64(row), headers, to: &gathered)
                if gathered.chunk.isFull { try flush(&gathered) }
            }
        }
        try flush(&gathered)
        panes.recordCount = gathered.recordCount
        panes.oversizedCount = gathered.oversizedCount
        panes.held = gathered.held
        return panes
    }

    /// Appends what a round held back.
    func append(_ held: [OutputChunk]) throws(ProcessorsError) {
        for chunk in held { try appender.append([OutputAppender.Append(chunk: chunk)]) }
    }

    // MARK: Reading

    private func pending(
        from lower: Int64, before limit: Int64, count: Int
    ) throws(ProcessorsError) -> EmittedPanes {
        do {
            var markers = try stores.tables.pendingPanes(
                of: table.id, from: lower, before: limit, limit: count + 1)
            guard markers.count <= count else {
                let next = markers.removeLast()
                return EmittedPanes(markers: markers, leastPending: next)
            }
            let next = try stores.tables.pendingPanes(of: table.id, from: limit, limit: 1)
            return EmittedPanes(markers: markers, leastPending: next.starts.first)
        } catch {
            throw ProcessorsError(tables: error, "reading which panes to emit", code: .readFailed)
        }
    }

    /// Key columns, then the others.
    private func columns(of keys: ByteStrings) throws(ProcessorsError) -> JoinedRows {
        var rows = try ServedTables(stores.tables).rows(of: table, columns: table.columns, keys: keys)
        let types = table.keyColumns.map(\.type)
        var values = types.map { _ in [Value]() }
        do {
            try keys.arena.withBytes { arena throws(RecordsError) in
                for index in 0..<keys.count {
                    let key = try decodeKey(
                        UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]), types: types)
                    for column in types.indices { values[column].append(key[column]) }
                }
            }
        } catch {
            throw ProcessorsError(.corruption, "a pane of \(table.name) cannot be emitted", cause: error)
        }
        rows.columns = zip(types, values).map { Column(type: $0, values: $1) } + rows.columns
        return rows
    }

    // MARK: Appending

    private struct Gathered {
        var chunk: OutputChunk
        var held: [OutputChunk] = []
        var recordCount = 0
        var oversizedCount = 0
        var value = ByteWriter(capacity: 256)
        var key = ByteWriter(capacity: 64)
    }

    private func append(
        _ columns: [Column], row: Int, sequence: Int64, _ headers: [RecordHeader], to gathered: inout Gathered
    ) {
        gathered.value.removeAll()
        gathered.key.removeAll()
        writer.append(columns, row: row, to: &gathered.value)
        guard gathered.value.count <= RecordPlan.greatestRecordByteCount else {
            gathered.oversizedCount += 1
            return
        }
        let hasKey = RecordKeyText.append(columns[keyColumn], row: row, to: &gathered.key)
        gathered.recordCount += 1
        gathered.key.bytes.withUnsafeBytes { key in
            gathered.value.bytes.withUnsafeBytes { value in
                gathered.chunk.append(key: hasKey ? key : nil, value: value, sequence: sequence, headers: headers)
            }
        }
    }

    private func flush(_ gathered: inout Gathered) throws(ProcessorsError) {
        let chunk = gathered.chunk
        gathered.chunk = OutputChunk(bucketCount: category.bucketCount)
        if semantics == .atMostOnce {
            gathered.held.append(chunk)
        } else {
            try appender.append([OutputAppender.Append(chunk: chunk, producer: producer)])
        }
    }
}

/// What a round has emitted.
struct EmittedPanes: Sendable {
    /// Each took a sequence, whether its row is there or not.
    var markers = PaneMarkers()
    /// The first start of a pane that still waits.
    var leastPending: Int64?
    var recordCount = 0
    /// Panes that no record can hold; they are left out.
    var oversizedCount = 0
    /// Of a round whose rows are appended only when it is over.
    var held: [OutputChunk] = []
}
