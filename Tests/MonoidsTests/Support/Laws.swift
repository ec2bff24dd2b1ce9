import Monoids
import Testing

// The laws that a monoid claims, each over states that it is given. Absence, which is nil, is a state like any other.

/// combine(combine(a, b), c) = combine(a, combine(b, c))
func expectAssociative(_ kind: MonoidKind, _ states: [EncodedState?]) {
    for (index, b) in states.enumerated() {
        let a = states[(index * 7 + 3) % states.count]
        let c = states[(index * 5 + 11) % states.count]
        let left = kind.combine(kind.combine(a, b), c)
        let right = kind.combine(a, kind.combine(b, c))
        #expect(left == right, "\(kind): \(String(describing: (a, b, c)))")
    }
}

/// combine(a, b) = combine(b, a)
func expectCommutative(_ kind: MonoidKind, _ states: [EncodedState?]) {
    for (index, a) in states.enumerated() {
        let b = states[(index * 7 + 3) % states.count]
        #expect(kind.combine(a, b) == kind.combine(b, a), "\(kind): \(String(describing: (a, b)))")
    }
}

/// combine(a, identity) = a = combine(identity, a); the identity is absence, and the neutral state where there is one.
func expectIdentity(_ kind: MonoidKind, _ states: [EncodedState?]) {
    for a in states {
        #expect(kind.combine(a, nil) == a)
        #expect(kind.combine(nil, a) == a)
        guard let a, let neutral = kind.neutral else { continue }
        #expect(kind.combine(a, neutral) == a, "\(kind): \(a)")
        #expect(kind.combine(neutral, a) == a, "\(kind): \(a)")
    }
}

/// combine(a, a) = a
func expectIdempotent(_ kind: MonoidKind, _ states: [EncodedState?]) {
    for a in states { #expect(kind.combine(a, a) == a, "\(kind): \(String(describing: a))") }
}

/// encode(decode(a)) = a: a state that went through the monoid, unchanged by what it met, has the bytes that it had.
func expectRoundTrip(_ kind: MonoidKind, _ states: [EncodedState?]) {
    for case let a? in states {
        #expect(kind.validates(a), "\(kind): \(a)")
        #expect(kind.combine(a, kind.neutral ?? a) == a, "\(kind): \(a)")
    }
}

/// Every law that the monoid claims, over states of one row and over states of several.
func expectLaws(_ kind: MonoidKind) {
    for types in kind.sampleTypes {
        let rows = Samples.rows(120, types, seed: UInt64(kind.rawValue) * 101)
        var states = rows.map { prepare(kind, types, $0) } + [nil]
        states += (0..<60).map { kind.combine(states[$0], states[$0 + 60]) }
        expectAssociative(kind, states)
        expectCommutative(kind, states)
        expectIdentity(kind, states)
        expectRoundTrip(kind, states)
        if kind.claimsIdempotence { expectIdempotent(kind, states) }
        expectAnySplit(kind, types, rows)
    }
}

/// Rows give the same state in any order and any grouping, one by one or accumulated.
func expectAnySplit(_ kind: MonoidKind, _ types: TestTypes, _ rows: [TestRow]) {
    var generator = SeededGenerator(seed: 5)
    let whole = accumulate(kind, types, rows, slots: rows.map { _ in 0 }, slotCount: 1)[0]
    for _ in 0..<3 {
        let shuffled = rows.shuffled(using: &generator)
        let slots = shuffled.map { _ in UInt32.random(in: 0..<5, using: &generator) }
        let parts = accumulate(kind, types, shuffled, slots: slots, slotCount: 5)
        let combined = parts.reduce(nil) { kind.combine($0, $1) }
        #expect(combined == whole, "\(kind) over \(types)")
        let folded = shuffled.reduce(nil) { kind.combine($0, prepare(kind, types, $1)) }
        #expect(folded == whole, "\(kind) over \(types)")
    }
}
