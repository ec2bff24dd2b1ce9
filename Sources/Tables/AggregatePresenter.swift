internal import Bytes
internal import Catalog
internal import Monoids
internal import Records

/// Presents one aggregate of many rows as a column.
struct AggregatePresenter: Sendable {
    private let function: AggregateFunction
    private let type: ValueType
    /// Of its states among a row's fields.
    let places: [Int]

    init(_ aggregate: AggregateColumn, places: [Int: Int]) {
        function = aggregate.function
        type = aggregate.type
        self.places = aggregate.stateNumbers.map { places[$0, default: 0] }
        precondition(self.places.count == function.states.count)
    }

    /// `fields` has `stride` fields for each row.
    func column(of fields: [ProtobufField?], rows: Int, stride: Int) throws(BytesError) -> Column {
        var nulls = [Bool](repeating: false, count: rows)
        let storage: Column.Storage
        switch type {
        case .bool:
            var values = [Bool](repeating: false, count: rows)
            try forEachScalar(fields, rows, stride, &nulls) { row, scalar in
                guard case .int64(let value) = scalar else { return false }
                values[row] = value != 0
                return true
            }
            storage = .bool(values)
        case .int64, .timestamp:
            var values = [Int64](repeating: 0, count: rows)
            try forEachScalar(fields, rows, stride, &nulls) { row, scalar in
                guard case .int64(let value) = scalar else { return false }
                values[row] = value
                return true
            }
            storage = .int64(values)
        case .double:
            var values = [Double](repeating: 0, count: rows)
            try forEachScalar(fields, rows, stride, &nulls) { row, scalar in
                guard case .double(let value) = scalar else { return false }
                values[row] = value
                return true
            }
            storage = .double(values)
        case .string, .bytes:
            var values = ByteStrings()
            try forEachScalar(fields, rows, stride, &nulls) { row, scalar in
                guard case .bytes(let value) = scalar else { return false }
                while values.count < row { values.append([]) }
                values.append(value)
                return true
            }
            while values.count < rows { values.append([]) }
            storage = .bytes(values)
        }
        return Column(type: type, storage: storage, nulls: nulls.contains(true) ? nulls : nil)
    }

    /// `body` answers false for a scalar that is not of the column's type.
    private func forEachScalar(
        _ fields: [ProtobufField?], _ rows: Int, _ stride: Int, _ nulls: inout [Bool], _ body: (Int, Scalar) -> Bool
    ) throws(BytesError) {
        for row in 0..<rows {
            func state(_ index: Int) -> ProtobufField? {
                index < places.count ? fields[row * stride + places[index]] : nil
            }
            guard let scalar = try function.present(state(0), state(1), state(2)) else {
                nulls[row] = true
                continue
            }
            guard body(row, scalar) else {
                throw BytesError(.malformed, "a state of \(function.rawValue) is not of type \(type.rawValue)")
            }
        }
    }
}
