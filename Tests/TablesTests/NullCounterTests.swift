import Bytes
import Catalog
import Records
import Testing

@testable import Tables

@Suite struct NullCounterTests {
    private static let columns = [
        TableColumn(number: 9, name: "a", type: .int64), TableColumn(number: 1, name: "b", type: .double),
        TableColumn(number: 300, name: "c", type: .string), TableColumn(number: 4, name: "d", type: .bool),
    ]

    private static func table() -> TableEntry {
        TableEntry(
            id: 7, name: "t", keyColumns: [KeyColumn(name: "k", type: .string)], shardColumnCount: 1,
            stateFields: columns.map { StateField(number: $0.number, name: $0.name, monoid: nil, types: [$0.type]) },
            aggregates: [], columns: columns, nextFieldNumber: 301, source: .loads, sql: "", versions: [],
            servingVersion: 0, nextVersion: 1)
    }

    private static func value(_ isNull: [Bool], order: UpsertOrder, isDeleted: Bool = false) -> [UInt8] {
        let values: [Value] = [.int64(-7), .double(1.5), .string("some text"), .bool(true)]
        let row = columns.indices.map { index in
            Column(type: columns[index].type, values: [isNull[index] ? .null : values[index]])
        }
        var writer = ByteWriter()
        UpsertRowEncoder(of: table()).encode(row, row: 0, order: order, isDeleted: isDeleted, into: &writer)
        return writer.bytes
    }

    private static func count(_ value: [UInt8]) throws -> [Int64] {
        var counts = [Int64](repeating: 0, count: columns.count)
        let counter = try #require(NullCounter(of: table()))
        value.withUnsafeBytes { counter.count($0, times: 3, into: &counts) }
        return counts
    }

    @Test(arguments: [UpsertOrder.least, .batch(file: 2, row: 70_000), .log(eventTime: 5, bucket: 1, offset: 9)])
    func everyColumnThatARowHasNotIsCounted(order: UpsertOrder) throws {
        for bits in 0..<16 {
            let isNull = (0..<4).map { bits & 1 << $0 != 0 }
            #expect(try Self.count(Self.value(isNull, order: order)) == isNull.map { $0 ? 3 : 0 })
            #expect(try Self.count(Self.value(isNull, order: order, isDeleted: true)) == [0, 0, 0, 0])
        }
    }

    @Test func aFieldThatTheTableHasNotIsPassedOver() throws {
        var writer = ByteWriter()
        writer.append(contentsOf: UpsertRowEncoder.prefix)
        writer.append(field: 9, int64: 1)
        writer.append(field: 299, int64: 1)
        writer.append(field: 300, int64: 1)
        writer.append(field: UpsertField.offset, int64: 4)
        #expect(try Self.count(writer.bytes) == [0, 3, 0, 3])
    }

    @Test func aRowThatIsCutShortIsNobodys() throws {
        let whole = Self.value([false, true, false, true], order: .batch(file: 0, row: 1))
        for length in 0..<whole.count {
            let found = try Self.count(Array(whole.prefix(length)))
            #expect(found.allSatisfy { $0 == 0 || $0 == 3 }, "\(length) bytes")
        }
        #expect(try Self.count([]) == [0, 0, 0, 0])
    }
}
