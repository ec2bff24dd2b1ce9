internal import Glibc

/// How often each key is asked for.
enum KeyDistribution: String, CaseIterable {
    case uniform
    /// Zipf's law with the exponent 0.99, as YCSB has it.
    case zipfian
}

/// The ids to ask for, drawn before the clock runs: while it does, the next one costs a read of memory in order.
///
/// It begins anew after so many draws, by default more than a run of some seconds asks for.
final class KeySequence {
    /// Scatters ranks over the keys, so that keys that are asked for often are no neighbours; a prime.
    private static let scatter: UInt64 = 2_654_435_761

    private let ids: UnsafeMutablePointer<UInt32>
    private let mask: Int
    private var position = 0

    /// `draws` is a power of two.
    init(_ distribution: KeyDistribution, keys: Int, seed: UInt64, draws: Int = 1 << 24) {
        precondition(draws.nonzeroBitCount == 1)
        mask = draws - 1
        ids = .allocate(capacity: draws)
        var random = SplitMix64(state: seed)
        switch distribution {
        case .uniform:
            for index in 0..<draws {
                ids[index] = UInt32(random.next().multipliedFullWidth(by: UInt64(keys)).high)
            }
        case .zipfian:
            let ranks = ZipfianRanks(count: keys, exponent: 0.99)
            for index in 0..<draws {
                ids[index] = UInt32(UInt64(ranks.draw(&random)) &* Self.scatter % UInt64(keys))
            }
        }
    }

    deinit { ids.deallocate() }

    @inline(__always)
    func next() -> UInt32 {
        let id = ids[position]
        position = (position &+ 1) & mask
        return id
    }
}

/// Draws ranks after Zipf's law by rejection-inversion, exactly and without a table: Hörmann and Derflinger, "Rejection-Inversion to
/// Generate Variates from Monotone Discrete Distributions" (1996).
struct ZipfianRanks {
    private let count: Double
    private let exponent: Double
    private let first: Double
    private let last: Double
    private let squeeze: Double

    init(count: Int, exponent: Double) {
        self.count = Double(count)
        self.exponent = exponent
        first = Self.integral(1.5, exponent) - 1
        last = Self.integral(Double(count) + 0.5, exponent)
        squeeze = 2 - Self.inverse(Self.integral(2.5, exponent) - pow(2, -exponent), exponent)
    }

    /// From 0, the most frequent, up to `count`.
    func draw(_ random: inout SplitMix64) -> Int {
        while true {
            let u = last + random.nextUnit() * (first - last)
            let x = Self.inverse(u, exponent)
            let rank = min(max((x + 0.5).rounded(.down), 1), count)
            if rank - x <= squeeze || u >= Self.integral(rank + 0.5, exponent) - pow(rank, -exponent) {
                return Int(rank) - 1
            }
        }
    }

    /// Of x to the power of minus the exponent.
    private static func integral(_ x: Double, _ exponent: Double) -> Double {
        (pow(x, 1 - exponent) - 1) / (1 - exponent)
    }

    private static func inverse(_ y: Double, _ exponent: Double) -> Double {
        pow(1 + y * (1 - exponent), 1 / (1 - exponent))
    }
}
