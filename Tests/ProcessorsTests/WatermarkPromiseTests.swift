import Foundation
import Testing

@testable import Processors

/// Holds the watermark to what it promises: of the records that come, 1 - confidence are behind it, or fewer.
@Suite struct WatermarkPromiseTests {
    /// How long a record takes from its event to the log, in microseconds.
    enum Delay: CaseIterable, CustomTestStringConvertible {
        case exponential, bimodal, heavyTailed, inOrder

        var testDescription: String { "\(self)" }

        func next(using generator: inout SeededGenerator) -> Double {
            // Never 0, for the logarithm.
            let uniform = 1 - Double.random(in: 0..<1, using: &generator)
            switch self {
            case .exponential: return -log(uniform) * 200_000
            case .bimodal:
                // Nearly all within 20 ms; those that were without a network a minute later, or two.
                return Int.random(in: 0..<50, using: &generator) == 0 ? 60e6 + uniform * 60e6 : uniform * 20_000
            case .heavyTailed: return 5_000 / pow(uniform, 1 / 1.5)  // Pareto: finite mean, no variance
            case .inOrder: return 0
            }
        }
    }

    struct Promise: CustomTestStringConvertible {
        var delay: Delay
        var confidence: Double
        var bucketCount: Int

        var testDescription: String { "\(delay) at \(confidence) in \(bucketCount) buckets" }
    }

    static let promises = Delay.allCases.flatMap { delay in
        [
            Promise(delay: delay, confidence: 0.999, bucketCount: 1),
            Promise(delay: delay, confidence: 0.99, bucketCount: 1),
            Promise(delay: delay, confidence: 0.99, bucketCount: 3),
        ]
    }

    private let base: Int64 = 1_700_000_000_000_000

    /// Records come every millisecond, to the buckets by turns, and are read in batches of any size.
    @Test(arguments: promises)
    func theShareOfRecordsBehindTheWatermarkIsWhatWasAskedFor(_ promise: Promise) throws {
        var generator = SeededGenerator(seed: 77)
        var watermark = InputWatermark(confidence: promise.confidence, bucketCount: promise.bucketCount)
        for bucket in 0..<promise.bucketCount { watermark.drained(bucket: bucket) }
        let warmUp = 60_000
        let count = 400_000
        var atWarmUp: (records: UInt64, late: UInt64) = (0, 0)
        var offset: Int64 = 0
        var read = 0
        while read < count {
            var batches: [[Int64]] = Array(repeating: [], count: promise.bucketCount)
            for record in read..<read + Int.random(in: 1...2000, using: &generator) {
                let arrival = Double(record) * 1000
                let time = arrival - promise.delay.next(using: &generator).rounded(.down)
                batches[record % promise.bucketCount].append(base + Int64(time))
                read = record + 1
            }
            for (bucket, times) in batches.enumerated() where !times.isEmpty {
                let offsets = times.indices.map { offset + Int64($0) }
                offset += Int64(times.count)
                watermark.observe(
                    times, excluded: nil, offsets: offsets, appendTime: base + Int64(read) * 1000, bucket: bucket)
            }
            if read >= warmUp, atWarmUp.records == 0 { atWarmUp = (watermark.recordCount, watermark.lateCount) }
        }
        let records = Double(watermark.recordCount - atWarmUp.records)
        let late = Double(watermark.lateCount - atWarmUp.late)
        let expected = 1 - promise.confidence
        #expect(records > 300_000)
        if promise.delay == .inOrder, promise.bucketCount == 1 {
            #expect(late == 0)
            #expect(watermark.time == base + Int64(read - 1) * 1000)
            return
        }
        // Four standard errors of a share; the estimate itself errs about as much again.
        let error = 4 * sqrt(2 * expected * promise.confidence / records)
        #expect(late / records <= expected + error, "\(late / records)")
        // A bin is up to a 32nd wide, and its end is taken: the share is smaller by a fifth at most where the tail is
        // exponential. Where buckets are ahead of the frontier, fewer of their records have any lateness at all.
        if promise.delay != .inOrder { #expect(late / records >= 0.6 * expected - error, "\(late / records)") }
    }
}
