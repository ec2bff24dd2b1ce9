import Bytes
import Catalog
import Foundation
import Records
import Tables
import Testing

/// Folds of every aggregate, against one pass over the records.
@Suite struct FoldReferenceTests {
    private let paned = EveryAggregate.table(id: 1, hasPanes: true)
    private let whole = EveryAggregate.table(id: 2, hasPanes: false)

    private func store(_ records: [EveryAggregate.Record], perOperand: Int) throws -> TestStore {
        let store = try TestStore(paned, whole)
        let key = Value.string("k")
        try store.tables.merge([(Fixture.tuple(key), EveryAggregate.operand(records))], into: whole)
        for (pane, ofPane) in Dictionary(grouping: records, by: { Int64(floor(Double($0.time) / 10)) * 10 }) {
            for first in stride(from: 0, to: ofPane.count, by: perOperand) {
                let operand = EveryAggregate.operand(Array(ofPane[first..<min(first + perOperand, ofPane.count)]))
                try store.tables.merge([(Fixture.tuple(key, .timestamp(pane)), operand)], into: paned)
            }
        }
        return store
    }

    private func folded(_ store: TestStore, from: Int64? = nil, to: Int64? = nil) throws -> (row: [UInt8]?, panes: Int)
    {
        let result = try store.tables.fold(paned, key: Fixture.tuple(.string("k")), from: from, to: to)
        return (result.row, result.panes)
    }

    @Test func everyAggregateOfAFoldIsWhatOnePassOverItsRecordsGives() throws {
        var random = Seeded(11)
        // Eighths add up without rounding, so that plain arithmetic is a reference.
        let records = (0..<400).map { index in
            EveryAggregate.Record(
                time: Int64.random(in: -500..<500, using: &random), x: Int64.random(in: -1000...1000, using: &random),
                d: Double(Int64.random(in: -800...800, using: &random)) / 8,
                s: ["", "a", "ab", "é", "zz"][Int.random(in: 0..<5, using: &random)] + "\(index % 7)",
                b: index % 50 != 3)
        }
        let store = try store(records, perOperand: 3)
        let wanted = records.filter { (-200..<300).contains($0.time) }
        let (row, panes) = try folded(store, from: -200, to: 300)
        #expect(panes == Set(wanted.map { Int64(floor(Double($0.time) / 10)) }).count)
        let n = Double(wanted.count)
        let sum = wanted.reduce(0) { $0 + $1.d }
        let squares = wanted.reduce(0) { $0 + $1.d * $1.d }
        let x = wanted.reduce(0) { $0 + $1.x }
        let numerator = n * squares - sum * sum
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        func precedes(_ a: String, _ b: String) -> Bool { bytes(a).lexicographicallyPrecedes(bytes(b)) }
        let first = try #require(wanted.min { $0.time != $1.time ? $0.time < $1.time : precedes($0.s, $1.s) })
        let last = try #require(wanted.max { $0.time != $1.time ? $0.time < $1.time : $0.d < $1.d })
        let least = try #require(wanted.min { $0.d != $1.d ? $0.d < $1.d : precedes($0.s, $1.s) })
        let greatest = try #require(wanted.max { $0.s != $1.s ? precedes($0.s, $1.s) : $0.x < $1.x })
        let expected: [Value] = [
            .int64(Int64(wanted.count)), .int64(x), .double(sum), .double(Double(x) / n), .double(sum / n),
            .double(numerator / (n * n)), .double(numerator / (n * (n - 1))),
            .double((numerator / (n * n)).squareRoot()),
            .double((numerator / (n * (n - 1))).squareRoot()), .int64(wanted.map(\.x).min() ?? 0),
            .string(wanted.map(\.s).max { precedes($0, $1) } ?? ""), .bool(wanted.allSatisfy(\.b)),
            .bool(wanted.contains(where: \.b)), .string(first.s), .double(last.d), .string(least.s),
            .int64(greatest.x),
        ]
        #expect(try row.map { try paned.values(of: $0) } == expected)
    }

    @Test func aFoldOfAllPanesIsTheRowOfATableWithoutPanesToTheBit() throws {
        var random = Seeded(12)
        let hostile: [Double] = [
            0, -0.0, 1e308, -1e308, 1e-308, 5e-324, -5e-324, .pi, 1e16, 1, -1e16, 0.1, .infinity, .nan,
        ]
        for round in 0..<12 {
            let values = round < 8 ? hostile.dropLast(2) : hostile[...]
            let records = (0..<200).map { index in
                EveryAggregate.Record(
                    time: Int64.random(in: -300..<300, using: &random),
                    x: [.min, .max, -1, 0, 1][Int.random(in: 0..<5, using: &random)],
                    d: values.randomElement(using: &random) ?? 0, s: "s\(Int.random(in: 0..<9, using: &random))",
                    b: Bool.random(using: &random))
            }
            let store = try store(records, perOperand: 1 + round)
            let row = try store.tables.get(whole, keys: [Fixture.tuple(.string("k"))])[0].map { [UInt8]($0) }
            #expect(row != nil)
            #expect(try folded(store).row == row, "round \(round)")
        }
    }
}
