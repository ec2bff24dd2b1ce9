internal import Bytes
internal import Catalog
internal import Expressions
internal import Records

// Presenting goes by columns, as processing does: the states of all rows become one column for each aggregate, and the
// table's expressions run once over that batch. A table whose columns are all stored as they are presented needs none
// of it, and its messages are copied.

/// Turns stored values into the row messages that readers get.
struct Presenter: Sendable {
    private enum Output: Sendable {
        /// The stored field itself, by its place among `numbers`.
        case stored(Int)
        /// An expression over the aggregates.
        case computed(Expression, RowLayout)
    }

    private let table: String
    /// Of the stored fields that are looked at, ascending.
    private let numbers: [Int]
    private let aggregates: [AggregatePresenter]
    /// By ascending column number, as a message has them.
    private let outputs: [Output]
    private let isCopy: Bool
    private let additions: StateAdditions

    init(_ table: TableEntry) {
        self.table = table.name
        let columns = table.columns.sorted { $0.number < $1.number }
        additions = StateAdditions(to: table)
        isCopy = additions.isEmpty && columns.allSatisfy { $0.expression == nil }
        let stored = columns.filter { $0.expression == nil }.map(\.number)
        let numbers = Set(stored + table.aggregates.flatMap(\.stateNumbers)).sorted()
        var places: [Int: Int] = [:]
        for (place, number) in numbers.enumerated() { places[number] = place }
        self.numbers = numbers
        aggregates = table.aggregates.map { AggregatePresenter($0, places: places) }
        outputs = columns.map { column in
            guard let expression = column.expression else { return .stored(places[column.number, default: 0]) }
            return .computed(expression, RowLayout(columns: [(column.number, column.name, column.type)]))
        }
    }

    /// Appends a row for each value; nil is an absent one, and so are tombstones and the identity. `paneStart` gives that of
    /// a value's pane; nil in a table without panes.
    func present(
        _ values: [UnsafeRawBufferPointer?], into rows: inout RowMessages,
        paneStart: (Int) throws(TablesError) -> Int64?
    ) throws(TablesError) {
        if isCopy { try copy(values, into: &rows) } else { try compute(values, into: &rows, paneStart) }
    }

    /// Appends, for each value, its message as it is stored: states in place of columns, and of an upsert what decides which wins.
    func copyStates(_ values: [UnsafeRawBufferPointer?], into rows: inout RowMessages) throws(TablesError) {
        for value in values {
            var isPresent = false
            if let value, let stored = try parse(value), !Self.isAbsent(value) {
                rows.messages.arena.append(contentsOf: stored.message)
                isPresent = true
            }
            rows.messages.ends.append(rows.messages.arena.count)
            rows.isPresent.append(isPresent)
        }
    }

    private func copy(_ values: [UnsafeRawBufferPointer?], into rows: inout RowMessages) throws(TablesError) {
        var writer = ByteWriter()
        swap(&writer.bytes, &rows.messages.arena)
        defer { swap(&writer.bytes, &rows.messages.arena) }
        for value in values {
            var isPresent = false
            if let value, let stored = try parse(value) {
                switch stored.kind {
                case .fields:
                    writer.append(contentsOf: stored.message)
                    isPresent = true
                case .row:
                    guard let row = UpsertRow(stored.message) else { throw TablesError.corruptRow(of: table) }
                    if !row.isDeleted {
                        do {
                            try row.appendColumns(of: stored.message, to: &writer)
                        } catch {
                            throw TablesError.corruptRow(of: table, error)
                        }
                        isPresent = true
                    }
                }
            }
            rows.messages.ends.append(writer.count)
            rows.isPresent.append(isPresent)
        }
    }

    private func compute(
        _ values: [UnsafeRawBufferPointer?], into rows: inout RowMessages,
        _ paneStart: (Int) throws(TablesError) -> Int64?
    ) throws(TablesError) {
        // The stored fields of the rows that are there, `numbers.count` for each row.
        var fields: [ProtobufField?] = []
        fields.reserveCapacity(values.count * numbers.count)
        var isPresent: [Bool] = []
        isPresent.reserveCapacity(values.count)
        var unknown = UnknownStates(additions, numbers)
        for (index, value) in values.enumerated() {
            guard let value, let stored = try parse(value), try appendFields(of: stored, to: &fields) else {
                isPresent.append(false)
                continue
            }
            isPresent.append(true)
            if !additions.isEmpty { unknown.take(paneStart: try paneStart(index), &fields) }
        }
        let count = numbers.isEmpty ? isPresent.count { $0 } : fields.count / numbers.count
        let batch: RecordBatch
        do throws(BytesError) {
            var columns: [Column] = []
            for aggregate in aggregates {
                let column = try aggregate.column(of: fields, rows: count, stride: numbers.count)
                columns.append(unknown.isEmpty ? column : unknown.blanking(column, places: aggregate.places))
            }
            batch = RecordBatch(count: count, columns: columns)
        } catch {
            throw TablesError.corruptRow(of: table, error)
        }
        let computed = outputs.map { output -> [Column] in
            switch output {
            case .stored: []
            case .computed(let expression, _): [expression.evaluate(over: batch)]
            }
        }
        append(isPresent, fields, computed, to: &rows)
    }

    private func append(
        _ isPresent: [Bool], _ fields: [ProtobufField?], _ computed: [[Column]], to rows: inout RowMessages
    ) {
        var writer = ByteWriter()
        swap(&writer.bytes, &rows.messages.arena)
        var row = 0
        for isPresent in isPresent {
            if isPresent {
                for (index, output) in outputs.enumerated() {
                    switch output {
                    case .stored(let place):
                        if let field = fields[row * numbers.count + place] {
                            writer.append(contentsOf: field.encoded)
                        }
                    case .computed(_, let layout): layout.encode(batch: computed[index], row: row, into: &writer)
                    }
                }
                row += 1
            }
            rows.messages.ends.append(writer.count)
            rows.isPresent.append(isPresent)
        }
        swap(&writer.bytes, &rows.messages.arena)
    }

    /// false, with nothing appended, for a tombstone.
    private func appendFields(of value: StoredValue, to fields: inout [ProtobufField?]) throws(TablesError) -> Bool {
        let start = fields.count
        for _ in numbers { fields.append(nil) }
        var reader = ProtobufReader(value.message)
        var place = 0
        do throws(BytesError) {
            while let field = try reader.next() {
                if value.kind == .row, field.number == UpsertField.isDeleted, field.bits != 0 {
                    fields.removeLast(numbers.count)
                    return false
                }
                // Fields ascend, in Maser's own messages at least.
                if place > 0, numbers[place - 1] >= field.number { place = 0 }
                while place < numbers.count, numbers[place] < field.number { place += 1 }
                if place < numbers.count, numbers[place] == field.number {
                    fields[start + place] = field
                    place += 1
                }
            }
        } catch {
            throw TablesError.corruptRow(of: table, error)
        }
        return true
    }

    /// Whether a stored value is no row for a reader: the identity or a tombstone. What cannot be read is not absent.
    static func isAbsent(_ value: UnsafeRawBufferPointer) -> Bool {
        if value.isEmpty { return true }
        guard let stored = StoredValue(value), stored.kind == .row else { return false }
        return UpsertRow(stored.message)?.isDeleted ?? false
    }

    /// nil for the identity.
    private func parse(_ value: UnsafeRawBufferPointer) throws(TablesError) -> StoredValue? {
        if value.isEmpty { return nil }
        guard let stored = StoredValue(value) else { throw TablesError.corruptRow(of: table) }
        return stored
    }
}
