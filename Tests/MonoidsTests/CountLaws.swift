import Bytes
import Monoids
import Testing

@Suite struct CountLaws {
    @Test func countsObeyTheirLaws() { expectLaws(.count) }

    @Test func aGroupWhoseArgumentsAreAllNullCountsZero() throws {
        let state = prepare(.count, TestTypes(x: .bytes), TestRow())
        #expect(try AggregateFunction.count.present([state]) == .int64(0))
    }

    @Test func withoutAnArgumentRowsAreCounted() {
        let accumulator = makeAccumulator(.count, types: [])
        accumulator.grow(to: 3)
        let slots: [UInt32] = [0, 1, 0, StateInput.noSlot, 0]
        slots.withUnsafeBufferPointer { accumulator.update(StateInput(slots: $0)) }
        #expect(states(of: accumulator).map { $0?.bytes } == [[8, 3], [8, 1], [8, 0]])
    }

    @Test func anAbsentCountPresentsNull() throws {
        #expect(try AggregateFunction.count.present([EncodedState?.none]) == nil)
    }
}
