internal import Bytes
internal import Catalog
internal import Records

// A state that joins a live table has seen nothing of the panes that began before: what it holds of them is part of an
// answer, and part of an answer is a wrong one. So they present NULL (COUNT too) until a backfill, whose version was made
// after the state and has seen all that it counts.

/// The states that joined the served version of a table while it was live.
struct StateAdditions: Sendable {
    /// When, by field number.
    let addedAt: [Int: Int64]

    init(to table: TableEntry) {
        let version = table.versions.first { $0.number == table.servingVersion }
        let madeAt = version?.createdAt ?? .max
        var addedAt: [Int: Int64] = [:]
        for field in table.stateFields {
            // A column that joins a table of plain rows is NULL in those that it does not stand in.
            if field.monoid != nil, let time = field.addedAt, time > madeAt { addedAt[field.number] = time }
        }
        self.addedAt = addedAt
    }

    var isEmpty: Bool { addedAt.isEmpty }
}

/// Which states of which rows are unknown, row by row as a presenter meets them.
struct UnknownStates {
    /// For every place among a row's fields, when its state was added.
    private let addedAt: [Int64?]
    /// For every row, the start of its pane; nil where the table has none.
    private var paneStarts: [Int64?] = []

    init(_ additions: StateAdditions, _ numbers: [Int]) {
        addedAt = additions.isEmpty ? [] : numbers.map { additions.addedAt[$0] }
    }

    var isEmpty: Bool { paneStarts.isEmpty }

    /// The next row: its fields are the last of `fields`, and those that are unknown go.
    mutating func take(paneStart: Int64?, _ fields: inout [ProtobufField?]) {
        paneStarts.append(paneStart)
        let first = fields.count - addedAt.count
        for place in addedAt.indices where isUnknown(place, paneStart) { fields[first + place] = nil }
    }

    /// The presented column with NULL wherever one of its states is unknown.
    func blanking(_ column: Column, places: [Int]) -> Column {
        guard places.contains(where: { addedAt[$0] != nil }) else { return column }
        var nulls = column.nulls ?? [Bool](repeating: false, count: paneStarts.count)
        for (row, start) in paneStarts.enumerated() where places.contains(where: { isUnknown($0, start) }) {
            nulls[row] = true
        }
        return Column(type: column.type, storage: column.storage, nulls: nulls)
    }

    private func isUnknown(_ place: Int, _ paneStart: Int64?) -> Bool {
        guard let time = addedAt[place] else { return false }
        return paneStart.map { $0 < time } ?? true
    }
}
