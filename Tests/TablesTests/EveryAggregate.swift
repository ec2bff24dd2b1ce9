import Bytes
import Catalog
import Expressions
import Monoids
import Records
import Tables

/// A table with every aggregate there is, and the operands of its records.
enum EveryAggregate {
    struct Record {
        var time: Int64
        var x: Int64
        var d: Double
        var s: String
        var b: Bool
    }

    private struct Argument {
        var monoid: MonoidKind
        /// As the catalog has them: x, then y.
        var types: [ValueType]
    }

    /// By field number less one.
    private static let states: [Argument] = [
        Argument(monoid: .count, types: []), Argument(monoid: .sumInt64, types: [.int64]),
        Argument(monoid: .sumDouble, types: [.double]), Argument(monoid: .sumOfSquares, types: [.double]),
        Argument(monoid: .minimum, types: [.int64]), Argument(monoid: .maximum, types: [.string]),
        Argument(monoid: .minimum, types: [.bool]), Argument(monoid: .maximum, types: [.bool]),
        Argument(monoid: .first, types: [.string]), Argument(monoid: .last, types: [.double]),
        Argument(monoid: .minimumBy, types: [.string, .double]),
        Argument(monoid: .maximumBy, types: [.int64, .string]),
    ]

    static let aggregates: [AggregateColumn] = [
        AggregateColumn(function: .count, stateNumbers: [1], type: .int64),
        AggregateColumn(function: .sumInt64, stateNumbers: [2], type: .int64),
        AggregateColumn(function: .sumDouble, stateNumbers: [3], type: .double),
        AggregateColumn(function: .averageInt64, stateNumbers: [2, 1], type: .double),
        AggregateColumn(function: .averageDouble, stateNumbers: [3, 1], type: .double),
        AggregateColumn(function: .variancePopulation, stateNumbers: [4, 3, 1], type: .double),
        AggregateColumn(function: .varianceSample, stateNumbers: [4, 3, 1], type: .double),
        AggregateColumn(function: .deviationPopulation, stateNumbers: [4, 3, 1], type: .double),
        AggregateColumn(function: .deviationSample, stateNumbers: [4, 3, 1], type: .double),
        AggregateColumn(function: .minimum, stateNumbers: [5], type: .int64),
        AggregateColumn(function: .maximum, stateNumbers: [6], type: .string),
        AggregateColumn(function: .minimum, stateNumbers: [7], type: .bool),
        AggregateColumn(function: .maximum, stateNumbers: [8], type: .bool),
        AggregateColumn(function: .first, stateNumbers: [9], type: .string),
        AggregateColumn(function: .last, stateNumbers: [10], type: .double),
        AggregateColumn(function: .minimumBy, stateNumbers: [11], type: .string),
        AggregateColumn(function: .maximumBy, stateNumbers: [12], type: .int64),
    ]

    /// With panes a row's key is (k, window_start), else k.
    static func table(id: UInt32, hasPanes: Bool) -> TableEntry {
        TableEntry(
            id: id, name: "every\(id)",
            keyColumns: [KeyColumn(name: "k", type: .string)]
                + (hasPanes ? [KeyColumn(name: "window_start", type: .timestamp)] : []),
            shardColumnCount: 1,
            stateFields: states.enumerated().map { index, state in
                StateField(number: index + 1, name: "s\(index)", monoid: state.monoid, types: state.types)
            },
            aggregates: aggregates,
            columns: aggregates.enumerated().map { index, aggregate in
                TableColumn(
                    number: 100 + index, name: "c\(index)", type: aggregate.type,
                    expression: .column(index, aggregate.type))
            },
            nextFieldNumber: 200, pane: hasPanes ? Pane(widthMicroseconds: 10) : nil,
            source: .aggregate(AggregateQuery(input: "i", filter: nil, keys: [], arguments: [])), sql: "",
            versions: [VersionEntry(number: 1, createdAt: 0, origin: "live")], servingVersion: 1, nextVersion: 2)
    }

    /// The operand that records of one key come to. `only` leaves all other states out.
    static func operand(_ records: [Record], only: Set<Int> = Set(1...12)) -> [UInt8] {
        var writer = ByteWriter()
        OperandPrefix(of: table(id: 1, hasPanes: true)).append(to: &writer)
        let slots = [UInt32](repeating: 0, count: records.count)
        let times = records.map(\.time)
        let x = records.map(\.x)
        let d = records.map(\.d)
        let b = records.map(\.b)
        let arena = records.flatMap { Array($0.s.utf8) }
        var ends: [Int] = []
        for record in records { ends.append((ends.last ?? 0) + record.s.utf8.count) }
        slots.withUnsafeBufferPointer { slots in
            times.withUnsafeBufferPointer { times in
                x.withUnsafeBufferPointer { x in
                    d.withUnsafeBufferPointer { d in
                        b.withUnsafeBufferPointer { b in
                            arena.withUnsafeBufferPointer { arena in
                                ends.withUnsafeBufferPointer { ends in
                                    func view(_ type: ValueType) -> VectorView {
                                        switch type {
                                        case .bool: .bool(b, nulls: nil)
                                        case .double: .double(d, nulls: nil)
                                        case .string, .bytes: .bytes(arena: arena, ends: ends, nulls: nil)
                                        default: .int64(x, nulls: nil)
                                        }
                                    }
                                    for (index, state) in states.enumerated() where only.contains(index + 1) {
                                        let accumulator = makeAccumulator(
                                            state.monoid, types: state.types.map(Self.stateType))
                                        accumulator.grow(to: 1)
                                        accumulator.update(
                                            StateInput(
                                                slots: slots, eventTimes: times, x: state.types.first.map(view),
                                                y: state.types.count > 1 ? view(state.types[1]) : nil))
                                        accumulator.encode(slot: 0, field: index + 1, into: &writer)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return writer.bytes
    }

    private static func stateType(_ type: ValueType) -> StateType {
        switch type {
        case .bool: .bool
        case .double: .double
        case .string, .bytes: .bytes
        default: .int64
        }
    }
}
