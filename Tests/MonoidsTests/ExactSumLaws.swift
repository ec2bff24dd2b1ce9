import Bytes
import Monoids
import Testing

@Suite struct ExactSumLaws {
    @Test func exactSumsObeyTheirLaws() { expectLaws(.sumDouble) }

    @Test func exactSumsOfSquaresObeyTheirLaws() { expectLaws(.sumOfSquares) }

    @Test func aSumOfZerosIsPresentAndPositive() throws {
        let state = prepare(.sumDouble, TestTypes(x: .double), TestRow(x: .double(-0.0)))
        #expect(state?.bytes == [0x0a, 0])
        guard case .double(let value) = try AggregateFunction.sumDouble.present([state]) else {
            Issue.record("a sum of zeros is no NULL")
            return
        }
        #expect(value.bitPattern == 0)
    }

    @Test(arguments: [MonoidKind.sumDouble, .sumOfSquares])
    func aSumThatWrapsBeyondItsWidthStaysAssociative(_ kind: MonoidKind) {
        let width = kind == .sumDouble ? 272 : 536
        let states: [EncodedState?] = ([0x7f, 0x80, 0x40, 0xc0, 0x01, 0xff] as [UInt8]).flatMap { byte in
            [width - 1, width - 2, 0, 3].map { place in
                EncodedState {
                    $0.append(field: 1) {
                        if place != 0 { $0.append(field: 1, int64: Int64(place)) }
                        $0.append(field: 2, bytes: [byte])
                    }
                }
            }
        }
        for a in states {
            for b in states {
                for c in states.prefix(8) {
                    let left = kind.combine(kind.combine(a, b), c)
                    #expect(left != nil && left == kind.combine(a, kind.combine(b, c)))
                }
            }
        }
    }

    @Test func anIntegerCountsAsTheNearestDouble() {
        let integers = [1, -7, Int64.max].map { TestRow(x: .int64($0)) }
        let doubles = [1, -7, 0x1p63].map { TestRow(x: .double($0)) }
        for kind in [MonoidKind.sumDouble, .sumOfSquares] {
            let a = accumulate(kind, TestTypes(x: .int64), integers, slots: [0, 0, 0], slotCount: 1)
            let b = accumulate(kind, TestTypes(x: .double), doubles, slots: [0, 0, 0], slotCount: 1)
            #expect(a == b)
        }
    }
}
