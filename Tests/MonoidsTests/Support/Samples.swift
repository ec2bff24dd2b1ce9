import Monoids

/// Values that break careless code, and random ones.
enum Samples {
    static let doubles: [Double] = [
        0, -0.0, 1, -1, 0.1, -0.1, 3.5, 1e16, -1e16, 1e300, -1e300, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
        .leastNormalMagnitude, .leastNormalMagnitude.nextDown, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
        .infinity, -.infinity, .nan, -.nan, Double(bitPattern: 0x7ff0_0000_0000_0001), 0x1p-53, 0x1p64, -0x1p64,
        0x1p-512,
    ]
    static let integers: [Int64] = [0, 1, -1, 2, 255, 256, 1 << 32, -1 << 32, .max, .min, .max - 1, .min + 1]
    static let strings: [[UInt8]] = [
        [], [0], [0, 0], [0xff], [0x7f], [0x80], Array("JFK".utf8), Array("JFKx".utf8),
        Array(repeating: 7, count: 8), Array(repeating: 7, count: 9), Array(repeating: 9, count: 200),
    ]

    static func value(_ type: StateType, using generator: inout SeededGenerator) -> Scalar {
        let isAdversarial = Bool.random(using: &generator)
        switch type {
        case .bool: return .int64(Bool.random(using: &generator) ? 1 : 0)
        case .int64:
            return .int64(pick(integers, isAdversarial, &generator) ?? Int64.random(in: -9...9, using: &generator))
        case .double: return .double(pick(doubles, isAdversarial, &generator) ?? finite(using: &generator))
        case .bytes:
            let random = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            return .bytes(pick(strings, isAdversarial, &generator) ?? random)
        }
    }

    /// Any finite double, or one of common size.
    static func finite(using generator: inout SeededGenerator) -> Double {
        if Bool.random(using: &generator) { return Double.random(in: -1000...1000, using: &generator) }
        let value = Double(bitPattern: generator.next())
        return value.isFinite ? value : 1
    }

    static func row(_ types: TestTypes, using generator: inout SeededGenerator) -> TestRow {
        TestRow(
            x: Int.random(in: 0..<8, using: &generator) == 0 ? nil : value(types.x, using: &generator),
            y: Int.random(in: 0..<8, using: &generator) == 0 ? nil : value(types.y, using: &generator),
            time: Bool.random(using: &generator)
                ? Int64.random(in: 0...3, using: &generator) : integers.randomElement(using: &generator) ?? 0)
    }

    static func rows(_ count: Int, _ types: TestTypes, seed: UInt64) -> [TestRow] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in row(types, using: &generator) }
    }

    private static func pick<T>(_ values: [T], _ isWanted: Bool, _ generator: inout SeededGenerator) -> T? {
        isWanted ? values.randomElement(using: &generator) : nil
    }
}

extension MonoidKind {
    /// The types of arguments that the monoid takes.
    var sampleTypes: [TestTypes] {
        let all: [StateType] = [.bool, .int64, .double, .bytes]
        switch self {
        case .count: return [TestTypes(x: .bytes)]
        case .sumInt64: return [TestTypes(x: .int64)]
        case .sumDouble, .sumOfSquares: return [TestTypes(x: .double)]
        case .minimum, .maximum, .first, .last: return all.map { TestTypes(x: $0) }
        case .minimumBy, .maximumBy: return all.flatMap { x in all.map { TestTypes(x: x, y: $0) } }
        }
    }
}
