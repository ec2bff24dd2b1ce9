internal import RPC
internal import Records

/// A table's `.proto`: its key, its row, and its states as Protocols/states.md describes them.
func protoText(of table: WireTableDescriptor) throws -> String {
    let states = table.source == "aggregate" ? try table.states.map(stateField) : []
    return ProtoText.file(
        table: table.name,
        comment: "Table \(table.name) of Maser, id \(table.id), schema revision \(table.schemaRevision).",
        keyColumns: try table.keyColumns.map { ($0.name, try valueType($0.type)) },
        row: try table.columns.map { column in
            ProtoField(
                number: Int(column.number), name: column.name, type: .value(try valueType(column.type)),
                comment: column.expression)
        },
        states: states)
}

private func stateField(_ state: WireStateDescriptor) throws -> ProtoField {
    let types = try state.types.map(valueType)
    return ProtoField(
        number: Int(state.number), name: state.name, type: try stateType(state.monoid, types), comment: state.monoid)
}

private func stateType(_ monoid: String, _ types: [ValueType]) throws -> ProtoType {
    switch (monoid, types.count) {
    case ("count", _): return .value(.int64)
    case ("sumInt64", _): return .message(sumInt64)
    case ("sumDouble", _), ("sumOfSquares", _): return .message(exactSum)
    case ("minimum", 1), ("maximum", 1): return .value(types[0])
    case ("first", 1), ("last", 1): return ranked("Timed", ("event_time", .timestamp), ("value", types[0]))
    case ("minimumBy", 2), ("maximumBy", 2): return ranked("Ranked", ("y", types[1]), ("x", types[0]))
    default: throw CommandError("the server has a monoid \(monoid) that this maser does not know; take a newer one")
    }
}

private let sumInt64 = ProtoMessage(
    name: "SumInt64", comment: "high * 2^64 + low; high is absent where it only extends the sign of low.",
    fields: [
        ProtoField(number: 1, name: "low", type: .fixed64), ProtoField(number: 2, name: "high", type: .value(.int64)),
    ])

private let exactSum = ProtoMessage(
    name: "ExactSum", comment: "An exact sum of doubles, or of their squares; see Protocols/states.md.",
    fields: [
        ProtoField(number: 1, name: "place", type: .value(.int64)),
        ProtoField(number: 2, name: "significand", type: .value(.bytes)),
        ProtoField(number: 3, name: "nans", type: .value(.int64)),
        ProtoField(number: 4, name: "infinities", type: .value(.int64)),
        ProtoField(number: 5, name: "negative_infinities", type: .value(.int64)),
    ])

/// Messages of the same types have the same name, and so one declaration.
private func ranked(
    _ name: String, _ rank: (name: String, type: ValueType), _ value: (name: String, type: ValueType)
) -> ProtoType {
    .message(
        ProtoMessage(
            name: ProtoText.typeName("\(name)_\(rank.type.rawValue.lowercased())_\(value.type.rawValue.lowercased())"),
            comment: "",
            fields: [
                ProtoField(number: 1, name: rank.name, type: .value(rank.type)),
                ProtoField(number: 2, name: value.name, type: .value(value.type)),
            ]))
}

func valueType(_ name: String) throws -> ValueType {
    guard let type = ValueType(rawValue: name) else {
        throw CommandError("the server has a type \(name) that this maser does not know; take a newer one")
    }
    return type
}
