internal import Foundation

// A histogram with bins that grow with what they count, 32 to an octave, so that any lateness is known to a 32nd of itself
// and a bin is found with shifts (G. Tene, HdrHistogram).
//
// Old records weigh less: instead of making all bins lighter at each batch, new records are given more weight (Cormode,
// Shkapenyuk, Srivastava and Xu, "Forward Decay", ICDE 2009); only their proportions count.

/// How late the records of one input come, the latest records counting most.
struct LatenessHistogram {
    private static let precisionBits = 5
    /// Event times are within a few centuries of each other; what is later counts as this late.
    private static let greatestLateness: Int64 = (1 << 53) - 1
    private static let binCount = bin(of: greatestLateness) + 1
    /// Before the weights leave the range in which a Double adds a 1 to them.
    private static let greatestWeight = 0x1p32

    /// The weight of the records in each bin.
    private(set) var bins = [Double](repeating: 0, count: binCount)
    /// Of all bins.
    private(set) var total = 0.0
    /// Of the next record.
    private(set) var weight = 1.0

    @inline(__always)
    static func bin(of lateness: Int64) -> Int {
        let value = UInt64(bitPattern: min(lateness, greatestLateness))
        let shift = 63 - precisionBits - (value | (1 << UInt64(precisionBits))).leadingZeroBitCount
        return (shift << precisionBits) + Int(truncatingIfNeeded: value &>> UInt64(shift))
    }

    static func greatest(inBin bin: Int) -> Int64 {
        let shift = max((bin >> precisionBits) - 1, 0)
        return (Int64(bin - (shift << precisionBits) + 1) << Int64(shift)) - 1
    }

    /// Adds a batch. `count` gets the bins and the weight that each record adds to one of them, and returns how many
    /// records it did that for.
    @inline(__always)
    mutating func add(_ count: (UnsafeMutableBufferPointer<Double>, Double) -> Int) {
        let records = bins.withUnsafeMutableBufferPointer { count($0, weight) }
        total += Double(records) * weight
    }

    /// What was added so far weighs 2 to the power of -`halfLives` from now on.
    mutating func decay(halfLives: Double) {
        weight *= exp2(halfLives)
        guard weight > Self.greatestWeight else { return }
        for bin in bins.indices { bins[bin] /= weight }
        total = bins.reduce(0, +)
        weight = 1
    }

    /// The least lateness that the next record exceeds with a probability of at most 1 - `confidence`; nil where too few
    /// records were seen to say so.
    ///
    /// The next record itself is counted as one that exceeds it. Without that the estimate would be short by one record
    /// in the mean, which in the tail is much: it makes this a weighted conformal quantile (Barber, Candès, Ramdas and
    /// Tibshirani, "Conformal Prediction beyond Exchangeability", 2023).
    func quantile(_ confidence: Double) -> Int64? {
        var left = (1 - confidence) * (total + weight) - weight
        // Sums of doubles: with exactly as many records as it takes they may miss by a rounding.
        guard left >= -1e-9 * weight else { return nil }
        for bin in bins.indices.reversed() where bins[bin] > 0 {
            left -= bins[bin]
            if left < -1e-9 * weight { return Self.greatest(inBin: bin) }
        }
        return 0
    }
}
