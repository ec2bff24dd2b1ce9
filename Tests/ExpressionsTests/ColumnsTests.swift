import Expressions
import Foundation
import Records
import Testing

@Suite struct ColumnsTests {
    let expression = Expression.and(
        .comparison(.less, .column(3, .int64), .literal(.int64(5), .int64)),
        .caseWhen(
            [.init(condition: .column(1, .bool), result: .isNull(.column(3, .int64)))], otherwise: .column(7, .bool),
            .bool))

    @Test func theColumnsThatAreReadAreKnown() {
        #expect(expression.columnIndices == [1, 3, 7])
        #expect(int(1).columnIndices.isEmpty)
    }

    @Test func columnsCanStandElsewhere() {
        let moved = expression.remapped([1: 0, 3: 1, 7: 2])
        #expect(moved.columnIndices == [0, 1, 2])
        #expect(moved.remapped([0: 1, 1: 3, 2: 7]) == expression)
    }

    @Test func aColumnThatIsNamedIsNotCopied() throws {
        let column = Column(type: .int64, values: [.int64(1), .int64(2)])
        let result = Expression.column(0, .int64).evaluate(over: RecordBatch(count: 2, columns: [column]))
        guard case .int64(let before) = column.storage, case .int64(let after) = result.storage else {
            Issue.record("neither is an INT64")
            return
        }
        #expect(before.withUnsafeBufferPointer { $0.baseAddress } == after.withUnsafeBufferPointer { $0.baseAddress })
    }

    @Test func expressionsSurviveTheCatalog() throws {
        let encoded = try JSONEncoder().encode(expression)
        #expect(try JSONDecoder().decode(Expression.self, from: encoded) == expression)
    }
}
