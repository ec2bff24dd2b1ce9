import Expressions
import Records
import Testing

@Suite struct LogicTests {
    static let truths: [Bool?] = [true, false, nil]

    private func known(_ value: Bool?) -> Value { value.map { .bool($0) } ?? .null }

    @Test func andIsFalseWhereEitherIsAndUnknownWhereItCannotTell() {
        for x in Self.truths {
            for y in Self.truths {
                let expected: Bool? = x == false || y == false ? false : x == nil || y == nil ? nil : true
                #expect(value(.and(bool(x), bool(y))) == known(expected), "\(x as Any) AND \(y as Any)")
            }
        }
    }

    @Test func orIsTrueWhereEitherIsAndUnknownWhereItCannotTell() {
        for x in Self.truths {
            for y in Self.truths {
                let expected: Bool? = x == true || y == true ? true : x == nil || y == nil ? nil : false
                #expect(value(.or(bool(x), bool(y))) == known(expected), "\(x as Any) OR \(y as Any)")
            }
        }
    }

    @Test func notKeepsWhatIsUnknown() {
        for x in Self.truths { #expect(value(.not(bool(x))) == known(x.map { !$0 })) }
    }

    @Test func isNullIsNeverUnknown() {
        #expect(value(.isNull(bool(nil))) == .bool(true))
        #expect(value(.isNull(int(0))) == .bool(false))
        #expect(value(.isNull(.arithmetic(.divide, double(1), double(0)))) == .bool(true))
    }

    @Test func aConditionThatIsUnknownSelectsNoRow() {
        let batch = RecordBatch(count: 3, columns: [Column(type: .bool, values: [.bool(true), .null, .bool(false)])])
        #expect(selectedRows(where: .column(0, .bool), batch) == [true, false, false])
        #expect(selectedRows(where: .not(.column(0, .bool)), batch) == [false, false, true])
        #expect(selectedRows(where: bool(nil), batch) == [false, false, false])
        #expect(selectedRows(where: bool(true), batch) == [true, true, true])
    }

    @Test func caseTakesTheFirstBranchThatHolds() {
        func choose(_ conditions: [Bool?], otherwise: Int64?) -> Value {
            let branches = conditions.enumerated().map {
                Expression.Branch(condition: bool($0.element), result: int(Int64($0.offset)))
            }
            return value(.caseWhen(branches, otherwise: otherwise.map { int($0) }, .int64))
        }
        #expect(choose([false, true, true], otherwise: 9) == .int64(1))
        #expect(choose([nil, false], otherwise: 9) == .int64(9))
        #expect(choose([nil, true], otherwise: nil) == .int64(1))
        #expect(choose([false], otherwise: nil) == .null)
    }

    @Test func caseChoosesRowByRowAmongAllTypes() {
        let conditions = Column(type: .bool, values: [.bool(true), .bool(false), .null])
        let samples: [(ValueType, Value, Value)] = [
            (.bool, .bool(true), .bool(false)), (.int64, .int64(1), .int64(2)), (.double, .double(1), .double(2)),
            (.string, .string("a"), .string("bc")), (.bytes, .bytes([1]), .bytes([2, 3])),
            (.timestamp, .timestamp(1), .timestamp(2)),
        ]
        for (type, first, second) in samples {
            let batch = RecordBatch(
                count: 3, columns: [conditions, Column(type: type, values: [first, first, first])])
            let branch = Expression.Branch(condition: .column(0, .bool), result: .column(1, type))
            let column = Expression.caseWhen([branch], otherwise: .literal(second, type), type).evaluate(over: batch)
            #expect((0..<3).map { column.value(at: $0) } == [first, second, second])
        }
    }
}
