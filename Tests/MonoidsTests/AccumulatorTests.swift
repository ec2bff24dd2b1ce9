import Bytes
import Monoids
import Testing

@Suite struct AccumulatorTests {
    @Test(arguments: MonoidKind.allCases)
    func batchesOverManySlotsAgreeWithCombiningOneByOne(_ kind: MonoidKind) {
        for types in kind.sampleTypes {
            var generator = SeededGenerator(seed: 77)
            let accumulator = makeAccumulator(kind, types: [types.x, types.y])
            var expected: [EncodedState?] = []
            for batch in 0..<12 {
                // After a checkpoint nothing of what was before may show.
                if batch == 6 {
                    accumulator.removeAll()
                    expected = []
                }
                let slotCount = 4 + batch
                while expected.count < slotCount { expected.append(kind == .count ? kind.neutral : nil) }
                accumulator.grow(to: slotCount)
                let rows = Samples.rows(50, types, seed: UInt64(batch))
                let slots = rows.map { _ in
                    Int.random(in: 0..<9, using: &generator) == 0
                        ? StateInput.noSlot : UInt32.random(in: 0..<UInt32(slotCount), using: &generator)
                }
                update(accumulator, types, rows, slots: slots)
                for (row, slot) in zip(rows, slots) where slot != StateInput.noSlot {
                    expected[Int(slot)] = kind.combine(expected[Int(slot)], prepare(kind, types, row))
                }
                #expect(states(of: accumulator) == expected, "\(kind) over \(types) in batch \(batch)")
            }
        }
    }

    @Test(arguments: [MonoidKind.minimum, .last, .minimumBy])
    func longStringsAreReckonedWithUntilTheyAreGone(_ kind: MonoidKind) {
        let accumulator = makeAccumulator(kind, types: [.bytes, .int64])
        accumulator.grow(to: 3)
        #expect(accumulator.looseByteCount == 0)
        let arena = [UInt8](repeating: 7, count: 30_000)
        let ends = [10_000, 20_000, 30_000]
        arena.withUnsafeBufferPointer { arena in
            ends.withUnsafeBufferPointer { ends in
                let x = VectorView.bytes(arena: arena, ends: ends, nulls: nil)
                let ranks: [Int64] = [1, 2, 3]
                let slots: [UInt32] = [0, 1, 2]
                ranks.withUnsafeBufferPointer { ranks in
                    slots.withUnsafeBufferPointer { slots in
                        accumulator.update(
                            StateInput(slots: slots, eventTimes: ranks, x: x, y: .int64(ranks, nulls: nil)))
                    }
                }
            }
        }
        #expect(accumulator.looseByteCount >= 30_000)
        accumulator.removeAll()
        #expect(accumulator.looseByteCount == 0)
    }

    /// Values of one size, of sizes that drift, and of sizes that jump: windows stay, slide and spill.
    @Test(arguments: [MonoidKind.sumDouble, .sumOfSquares], [0, 3, 40, 500])
    func exactSumsOfAnySpreadAgreeWithCombiningOneByOne(_ kind: MonoidKind, _ jump: Int) {
        var generator = SeededGenerator(seed: UInt64(jump))
        let types = TestTypes(x: .double)
        var exponent = 0
        var rows: [TestRow] = []
        for _ in 0..<400 {
            exponent = max(-1070, min(1020, exponent + Int.random(in: -jump...jump, using: &generator)))
            let value = Double.random(in: 1..<2, using: &generator) * (Bool.random(using: &generator) ? 1 : -1)
            let scaled = Double(sign: .plus, exponent: exponent, significand: value)
            rows.append(TestRow(x: .double(scaled)))
            // What cancels leaves a window that may move.
            if Int.random(in: 0..<3, using: &generator) == 0 { rows.append(TestRow(x: .double(-scaled))) }
        }
        let slots = rows.map { _ in UInt32.random(in: 0..<3, using: &generator) }
        var expected: [EncodedState?] = [nil, nil, nil]
        for (row, slot) in zip(rows, slots) {
            expected[Int(slot)] = kind.combine(expected[Int(slot)], prepare(kind, types, row))
        }
        #expect(accumulate(kind, types, rows, slots: slots, slotCount: 3) == expected)
    }

    /// Every place in a limb, and every distance at which a window stays, slides up or down, or spills.
    @Test(arguments: [MonoidKind.sumDouble, .sumOfSquares])
    func twoSizesInOneGroupAgreeWithCombiningThem(_ kind: MonoidKind) {
        let types = TestTypes(x: .double)
        for exponent in stride(from: -32, to: 32, by: 3) {
            for distance in stride(from: -260, through: 260, by: 20) {
                for signs in [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)] {
                    let a = Double(sign: .plus, exponent: exponent, significand: signs.0)
                    let b = Double(sign: .plus, exponent: exponent + distance, significand: signs.1 * 1.25)
                    let rows = [a, b, a].map { TestRow(x: .double($0)) }
                    let expected = rows.reduce(nil) { kind.combine($0, prepare(kind, types, $1)) }
                    #expect(accumulate(kind, types, rows, slots: [0, 0, 0], slotCount: 1) == [expected], "\(a) \(b)")
                }
            }
        }
    }

    @Test func stringsThatGrowAgainAndAgainKeepTheirValues() throws {
        let types = TestTypes(x: .bytes)
        let accumulator = makeAccumulator(.last, types: [.bytes])
        accumulator.grow(to: 2)
        for length in 0..<600 {
            let value = [UInt8](repeating: UInt8(length & 0xff), count: length)
            let rows = [0, 1].map { TestRow(x: .bytes(value + [$0]), time: Int64(length)) }
            update(accumulator, types, rows, slots: [0, 1])
        }
        let value = [UInt8](repeating: UInt8(599 & 0xff), count: 599)
        let states = states(of: accumulator)
        #expect(try AggregateFunction.last.present([states[0]]) == .bytes(value + [0]))
        #expect(try AggregateFunction.last.present([states[1]]) == .bytes(value + [1]))
    }
}
