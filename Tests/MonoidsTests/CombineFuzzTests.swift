import Bytes
import Monoids
import Testing

@Suite struct CombineFuzzTests {
    /// Random bytes, and states with a byte changed, cut out or put in: the second kind reaches further.
    private func garbage(_ kind: MonoidKind, using generator: inout SeededGenerator) -> EncodedState {
        if Int.random(in: 0..<4, using: &generator) == 0 {
            let payload = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            return Bool.random(using: &generator)
                ? EncodedState { $0.append(field: 1, bytes: payload) } : EncodedState(payload)
        }
        guard let types = kind.sampleTypes.randomElement(using: &generator),
            let state = prepare(kind, types, Samples.row(types, using: &generator))
        else { return EncodedState([0x0a, 0]) }
        guard let payload = state.withField({ [UInt8]($0.bytes) }), !payload.isEmpty else { return state }
        var changed = payload
        for _ in 0..<Int.random(in: 0...3, using: &generator) where !changed.isEmpty {
            let index = Int.random(in: 0..<changed.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: changed[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: changed.remove(at: index)
            default: changed.insert(UInt8.random(in: 0...255, using: &generator), at: index)
            }
        }
        return EncodedState { $0.append(field: 1, bytes: changed) }
    }

    private func payload(_ state: EncodedState?) -> [UInt8]? {
        state?.withField { $0.wireType == .lengthDelimited ? [UInt8]($0.bytes) : [UInt8]("\($0.bits)".utf8) }
    }

    @Test(arguments: MonoidKind.allCases)
    func whateverTheBytesCombiningIsTotalAndKeepsTheLaws(_ kind: MonoidKind) {
        var generator = SeededGenerator(seed: UInt64(kind.rawValue))
        var accepted: [EncodedState] = []
        for _ in 0..<3000 {
            let a = garbage(kind, using: &generator)
            let b = accepted.last ?? garbage(kind, using: &generator)
            let combined = kind.combine(a, b)
            if let combined {
                #expect(kind.validates(a) && kind.validates(b) && kind.validates(combined))
                #expect(kind.combine(b, a) == combined)
            } else if kind.neutral != nil {
                #expect(!kind.validates(a) || !kind.validates(b), "\(a) \(b)")
            }
            if kind.validates(a) {
                accepted.append(a)
                // One encoding for each state.
                #expect(payload(kind.combine(a, kind.neutral ?? a)) == payload(a), "\(kind): \(a)")
            }
        }
        #expect(accepted.count > 100)
    }

    @Test(arguments: AggregateFunction.allCases)
    func whateverTheBytesPresentingReturnsOrThrows(_ function: AggregateFunction) {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let states = function.states.map { garbage($0, using: &generator) }
            let allValid = zip(function.states, states).allSatisfy { $0.validates($1) }
            let presented = Result { try function.present(states) }
            if case .failure(let error) = presented { #expect(!allValid && error is BytesError) }
        }
    }

    @Test func fieldsOfEveryWireTypeAreRefusedOrCombined() {
        let fields: [EncodedState] = [
            EncodedState { $0.append(field: 1, int64: -1) }, EncodedState { $0.append(field: 1, double: .nan) },
            EncodedState { $0.append(field: 1, double: -0.0) }, EncodedState([0x0d, 1, 2, 3, 4]),
            EncodedState { $0.append(field: 1, bytes: [UInt8]()) }, EncodedState { $0.append(field: 1, bytes: [0xff]) },
        ]
        for kind in MonoidKind.allCases {
            for a in fields {
                for b in fields {
                    let isAccepted = kind.combine(a, b) != nil
                    #expect(!isAccepted || (kind.validates(a) && kind.validates(b)))
                }
            }
        }
    }
}
