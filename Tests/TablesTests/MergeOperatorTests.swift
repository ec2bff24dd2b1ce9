import Bytes
import Testing

@testable import Tables

@Suite struct MergeOperatorTests {
    private let merger = StateMergeOperator()

    private func merge(_ existing: [UInt8]?, _ operands: [[UInt8]]) -> [UInt8] {
        merger.merge(existing, operands)
    }

    private func partialMerge(_ operands: [[UInt8]]) -> [UInt8]? {
        merger.partialMerge(operands)
    }

    private func value(_ entries: [(Int, UInt8)], kind: UInt8 = 0, _ body: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(1)
        writer.append(kind)
        writer.append(varint: UInt64(entries.count))
        for (number, code) in entries {
            writer.append(varint: UInt64(number))
            writer.append(code)
        }
        body(&writer)
        return writer.bytes
    }

    private func counts(_ fields: (Int, Int64)...) -> [UInt8] {
        value(fields.map { ($0.0, 1) }) { writer in
            for (number, count) in fields { writer.append(field: number, int64: count) }
        }
    }

    // MARK: Fields

    @Test func fieldsCombineByTheMonoidsThatTheEnvelopeNames() {
        #expect(
            merge(Fixture.count(1, max: 9), [Fixture.count(2, max: 3), Fixture.count(4)]) == Fixture.count(7, max: 9))
        #expect(merge(nil, [Fixture.count(2, max: 3)]) == Fixture.count(2, max: 3))
        #expect(merge(Fixture.delay(3), [Fixture.delay(-5)]) != Fixture.delay(-2), "two records were counted")
        #expect(merger.undecodableOperands == 0)
    }

    @Test func envelopesOfDifferentSchemasAreUnited() {
        let merged = merge(counts((1, 1), (3, 10)), [counts((2, 5), (3, 1)), counts((4, 7))])
        #expect(merged == counts((1, 1), (2, 5), (3, 11), (4, 7)))
        #expect(merger.undecodableOperands == 0)
    }

    @Test func unknownFieldsAreCarried() {
        let existing = value([(1, 1), (2, 200)]) { writer in
            writer.append(field: 1, int64: 1)
            writer.append(field: 2, string: "from a newer Maser")
            writer.append(field: 9, string: "of no monoid")
        }
        let expected = value([(1, 1), (2, 200)]) { writer in
            writer.append(field: 1, int64: 3)
            writer.append(field: 2, string: "from a newer Maser")
            writer.append(field: 9, string: "of no monoid")
        }
        #expect(merge(existing, [counts((1, 2))]) == expected)
        #expect(merge(counts((1, 2)), [existing]) == expected)
        #expect(merger.undecodableOperands == 0)
    }

    @Test func messagesWhoseFieldsDoNotAscendMergeAllTheSame() {
        let unordered = value([(1, 1), (2, 1)]) { writer in
            writer.append(field: 2, int64: 20)
            writer.append(field: 1, int64: 10)
        }
        #expect(merge(unordered, [counts((1, 1), (2, 2))]) == counts((1, 11), (2, 22)))
        #expect(merge(counts((1, 1), (2, 2)), [unordered]) == counts((1, 11), (2, 22)))
        #expect(merge(nil, [unordered, counts((1, 1))]) == counts((1, 11), (2, 20)))
    }

    // MARK: What cannot be merged

    @Test func anUndecodableOperandIsSetAsideAndCounted() {
        let garbage: [[UInt8]] = [
            [0xff], [2, 0, 0], [1, 7, 0], [1, 0, 1], [1, 0, 2, 2, 1, 1, 1], [1, 1, 1, 1, 1],
            value([(1, 1)]) { $0.append(field: 1, string: "no count") },
            value([(1, 1)]) { $0.append(contentsOf: [0x08]) },
            value([(1, 1)]) { writer in
                writer.append(field: 1, int64: 1)
                writer.append(field: 1, int64: 1)
            },
        ]
        for bytes in garbage {
            let before = merger.undecodableOperands
            #expect(merge(counts((1, 1)), [bytes, counts((1, 2))]) == counts((1, 3)))
            #expect(merge(nil, [bytes, counts((1, 2))]) == counts((1, 2)))
            #expect(partialMerge([counts((1, 1)), bytes, counts((1, 2))]) == counts((1, 3)))
            #expect(merger.undecodableOperands == before + 3)
        }
    }

    @Test func aBadFieldSpoilsTheWholeOperandAndNothingOfItIsApplied() {
        let bad = value([(1, 1), (2, 1)]) { writer in
            writer.append(field: 1, int64: 100)
            writer.append(field: 2, string: "no count")
        }
        #expect(merge(counts((1, 1), (2, 2)), [bad]) == counts((1, 1), (2, 2)))
        #expect(merge(counts((1, 1)), [bad]) == counts((1, 1)))
        #expect(merger.undecodableOperands == 2)
    }

    @Test func anOperandOfTheOtherKindIsSetAsideAndTheExistingStays() {
        let row = Fixture.plane("UA", .log(eventTime: 5, bucket: 0, offset: 1))
        #expect(merge(counts((1, 1)), [row, counts((1, 1))]) == counts((1, 2)))
        #expect(merge(row, [counts((1, 1))]) == row)
        #expect(merger.undecodableOperands == 2)
        #expect(partialMerge([row, counts((1, 1))]) == nil)
        #expect(partialMerge([counts((1, 1)), row]) == nil)
    }

    @Test func monoidsThatContradictEachOtherKeepTheExisting() {
        let other = value([(1, 6)]) { $0.append(field: 1, int64: 50) }
        #expect(merge(counts((1, 1)), [other]) == counts((1, 1)))
        #expect(merger.undecodableOperands == 1)
        #expect(partialMerge([counts((1, 1)), other]) == nil)
    }

    @Test func aFieldThatOnlyTheOtherSideNamesCombinesOrIsSetAsideWithItsOperand() {
        let unnamed = value([]) { $0.append(field: 1, int64: 2) }
        #expect(merge(counts((1, 1)), [unnamed]) == counts((1, 3)))
        let text = value([]) { $0.append(field: 1, string: "carried alone") }
        #expect(merge(nil, [text]) == text)
        #expect(merge(counts((1, 1)), [text]) == counts((1, 1)))
        #expect(partialMerge([counts((1, 1)), text]) == nil, "alone it is sound")
        #expect(merger.undecodableOperands == 1)
        // Nor where the side that names it has none: what came of it could not be merged again.
        let named = value([(1, 1)]) { _ in }
        #expect(merge(named, [text]) == named)
        #expect(merge(text, [named, counts((1, 1))]) == text)
        #expect(partialMerge([named, text]) == nil && partialMerge([text, named]) == nil)
    }

    @Test func anExistingValueThatNobodyCanReadIsKept() {
        let newer: [UInt8] = [9, 9, 9]
        #expect(merge(newer, [counts((1, 1)), counts((1, 1))]) == newer)
        #expect(merger.undecodableOperands == 2)
    }

    @Test func theEmptyValueIsTheIdentity() {
        #expect(merge([], [counts((1, 1))]) == counts((1, 1)))
        #expect(merge(counts((1, 1)), [[]]) == counts((1, 1)))
        #expect(merge(nil, [[0xff]]) == [])
        #expect(partialMerge([[0xff], [0xfe]]) == [])
        #expect(merger.undecodableOperands == 3)
    }

    // MARK: Rows

    @Test func theRowOfTheGreatestOrderWins() {
        let ascending: [UpsertOrder] = [
            .log(eventTime: -1, bucket: 9, offset: 9), .batch(file: 0, row: 0), .batch(file: 0, row: 7),
            .batch(file: 1, row: 0), .log(eventTime: 0, bucket: 0, offset: 5), .log(eventTime: 0, bucket: 1, offset: 0),
            .batch(eventTime: 1, file: 0, row: 3), .log(eventTime: 1, bucket: 0, offset: 0),
        ]
        let rows = ascending.enumerated().map { Fixture.plane("\($0.offset)", $0.element) }
        for (index, row) in rows.enumerated() {
            for lesser in rows[..<index] {
                #expect(merge(lesser, [row]) == row)
                #expect(merge(row, [lesser]) == row)
            }
        }
        #expect(merge(nil, rows.shuffled()) == rows.last)
    }

    @Test func aTombstoneIsARowLikeAnyOther() {
        let old = Fixture.plane("UA", .log(eventTime: 1, bucket: 0, offset: 1))
        let tombstone = Fixture.plane(nil, .log(eventTime: 2, bucket: 0, offset: 2), isDeleted: true)
        let new = Fixture.plane("AA", .log(eventTime: 3, bucket: 0, offset: 3))
        #expect(merge(old, [tombstone]) == tombstone)
        #expect(merge(tombstone, [old]) == tombstone)
        #expect(merge(tombstone, [new]) == new)
    }

    // MARK: Laws

    @Test(arguments: 0..<20 as Range<UInt64>) func anyGroupingAndOrderOfOperandsGivesTheSameValue(seed: UInt64) {
        var random = Seeded(seed)
        for makesRows in [false, true] {
            let operands = (0..<12).map { _ in makesRows ? randomRow(&random) : randomFields(&random) }
            let expected = merge(nil, operands)
            for _ in 0..<20 {
                let shuffled = operands.shuffled(using: &random)
                let cut = Int.random(in: 0...shuffled.count, using: &random)
                let (base, rest) = (shuffled[..<cut], shuffled[cut...])
                let middle = Int.random(in: cut...shuffled.count, using: &random)
                var stack: [[UInt8]] = []
                if middle - cut >= 2, let partial = partialMerge(Array(shuffled[cut..<middle])) {
                    stack = [partial] + shuffled[middle...]
                } else {
                    stack = Array(rest)
                }
                #expect(merge(cut == 0 ? nil : merge(nil, Array(base)), stack) == expected)
            }
        }
    }

    private func randomFields(_ random: inout Seeded) -> [UInt8] {
        let all: [(Int, UInt8)] = [(1, 1), (3, 6), (4, 5), (700, 8)]
        let numbers = all.filter { _ in Bool.random(using: &random) }
        return value(all) { writer in
            for (number, code) in numbers {
                let x = Int64.random(in: -3...3, using: &random)
                if code == 8 {
                    writer.append(
                        field: number,
                        message: { last in
                            last.append(field: 1, int64: Int64.random(in: 0...3, using: &random))
                            last.append(field: 2, string: "\(x)")
                        })
                } else {
                    writer.append(field: number, int64: x)
                }
            }
        }
    }

    private func randomRow(_ random: inout Seeded) -> [UInt8] {
        let time = Int64.random(in: 0...2, using: &random)
        let order: UpsertOrder =
            Bool.random(using: &random)
            ? .log(
                eventTime: time, bucket: .random(in: 0...1, using: &random), offset: .random(in: 0...2, using: &random))
            : .batch(eventTime: time, file: .random(in: 0...1, using: &random), row: .random(in: 0...1, using: &random))
        return Fixture.plane("\(Int.random(in: 0...9, using: &random))", order)
    }

    // MARK: Hostile bytes

    @Test(arguments: 0..<8 as Range<UInt64>) func noBytesMakeAMergeTrapOrSpoilWhatWasThere(seed: UInt64) {
        var random = Seeded(seed)
        let seeds = [
            Fixture.count(3, max: 4), Fixture.delay(7, y: "abc", at: 4), Fixture.delay(-1),
            Fixture.plane("UA", seats: 4, .log(eventTime: 5, bucket: 2, offset: 9)),
            Fixture.plane(nil, .batch(file: 3, row: 4), isDeleted: true),
        ]
        for _ in 0..<3000 {
            var operands = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                mutated(seeds[Int.random(in: 0..<seeds.count, using: &random)], &random)
            }
            let existing = Bool.random(using: &random) ? operands.removeFirst() : nil
            let result = merge(existing, operands)
            _ = partialMerge(operands)
            // What came out can be merged again and keeps its kind.
            if let value = existing, value.count > 2, result.count > 2 { #expect(result[0...1] == value[0...1]) }
            let good = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            #expect(merge(good, []) == good)
            _ = merge(good, [result])
        }
    }

    private func mutated(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let at = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0 where !bytes.isEmpty: bytes[at] = .random(in: 0...255, using: &random)
            case 1 where !bytes.isEmpty: bytes.remove(at: at)
            case 2: bytes.insert(.random(in: 0...255, using: &random), at: at)
            default: bytes = Array(bytes[..<at])
            }
        }
        return bytes
    }
}
