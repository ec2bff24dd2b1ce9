import Records

/// What takes each row's value from one of several vectors: CASE, COALESCE, NULLIF, GREATEST, LEAST. All of the vectors
/// have been evaluated for all rows, which is allowed because no evaluation can fail.
enum Choice {
    static func caseWhen(
        _ branches: [(condition: Vector, result: Vector)], otherwise: Vector?, _ type: ValueType
    ) -> Vector {
        let results = branches.map(\.result) + (otherwise.map { [$0] } ?? [])
        let extent = Vector.extent(branches.map(\.condition) + results)
        var picks = [Int](repeating: otherwise == nil ? none : branches.count, count: extent.rows)
        // From the last branch to the first, so that the first that holds is what stays.
        for (index, branch) in branches.enumerated().reversed() {
            let holds = branch.condition.bools.values
            let nulls = branch.condition.column.nulls
            if branch.condition.isConstant {
                if holds[0], nulls == nil { picks = [Int](repeating: index, count: extent.rows) }
                continue
            }
            for row in 0..<extent.rows where holds[row] && nulls?[row] != true { picks[row] = index }
        }
        return gather(picks, results, type, isConstant: extent.isConstant)
    }

    static func coalesce(_ arguments: [Vector], _ type: ValueType) -> Vector {
        let extent = Vector.extent(arguments)
        var picks = [Int](repeating: none, count: extent.rows)
        for (index, argument) in arguments.enumerated().reversed() {
            guard let nulls = argument.column.nulls else {
                picks = [Int](repeating: index, count: extent.rows)
                continue
            }
            if argument.isConstant, !extent.isConstant { continue }
            for row in 0..<extent.rows where !nulls[row] { picks[row] = index }
        }
        return gather(picks, arguments, type, isConstant: extent.isConstant)
    }

    static func nullIf(_ value: Vector, _ other: Vector) -> Vector {
        pick([value, value], by: Comparison.apply(.equal, value, other), whenTrue: none, whenNull: 0)
    }

    static func extreme(_ arguments: [Vector], _ symbol: ComparisonOperator) -> Vector {
        var best = arguments[0]
        for argument in arguments.dropFirst() {
            best = pick([best, argument], by: Comparison.apply(symbol, argument, best), whenTrue: 1, whenNull: none)
        }
        return best
    }

    private static let none = -1

    /// By a condition: the first of two vectors where it is false, else what is asked for.
    private static func pick(_ vectors: [Vector], by condition: Vector, whenTrue: Int, whenNull: Int) -> Vector {
        let extent = Vector.extent(vectors + [condition])
        let picked = condition.column(rows: extent.rows)
        guard case .bool(let holds) = picked.storage else { preconditionFailure("a condition is a BOOL") }
        let picks = (0..<extent.rows).map { row in
            picked.nulls?[row] == true ? whenNull : holds[row] ? whenTrue : 0
        }
        return gather(picks, vectors, vectors[0].type, isConstant: extent.isConstant)
    }

    /// `picks` says for each row which vector has its value; `none` is NULL.
    private static func gather(_ picks: [Int], _ vectors: [Vector], _ type: ValueType, isConstant: Bool) -> Vector {
        var nulls = picks.map { $0 == none }
        for (index, vector) in vectors.enumerated() {
            guard let given = vector.column.nulls else { continue }
            let mask = vector.isConstant ? 0 : -1
            for row in picks.indices where picks[row] == index { nulls[row] = given[row & mask] }
        }
        let storage: Column.Storage
        switch type {
        case .bool: storage = .bool(gather(picks, vectors.map(\.bools), absent: false))
        case .int64, .timestamp: storage = .int64(gather(picks, vectors.map(\.int64s), absent: 0))
        case .double: storage = .double(gather(picks, vectors.map(\.doubles), absent: 0))
        case .string, .bytes: storage = .bytes(gather(picks, vectors))
        }
        return Vector(
            Column(type: type, storage: storage, nulls: nulls.contains(true) ? nulls : nil), isConstant: isConstant)
    }

    private static func gather<T>(_ picks: [Int], _ lanes: [Lane<T>], absent: T) -> [T] {
        var values = [T](repeating: absent, count: picks.count)
        for (index, lane) in lanes.enumerated() {
            let mask = lane.isConstant ? 0 : -1
            for row in picks.indices where picks[row] == index { values[row] = lane.values[row & mask] }
        }
        return values
    }

    private static func gather(_ picks: [Int], _ vectors: [Vector]) -> ByteStrings {
        let strings = vectors.map(\.strings)
        let masks = vectors.map { $0.isConstant ? 0 : -1 }
        var result = ByteStrings()
        result.ends.reserveCapacity(picks.count)
        for (row, pick) in picks.enumerated() {
            if pick == none { result.append([]) } else { result.append(strings[pick][row & masks[pick]]) }
        }
        return result
    }
}
