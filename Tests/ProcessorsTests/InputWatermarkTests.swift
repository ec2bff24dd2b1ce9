import Testing

@testable import Processors

@Suite struct InputWatermarkTests {
    private let second: Int64 = 1_000_000
    private let base: Int64 = 1_700_000_000_000_000

    /// Feeds one bucket as the log would: offsets ascend.
    private struct Feed {
        var watermark: InputWatermark
        var offsets: [Int64]

        init(confidence: Double = 0.9, bucketCount: Int) {
            watermark = InputWatermark(confidence: confidence, bucketCount: bucketCount)
            offsets = [Int64](repeating: 0, count: bucketCount)
        }

        /// Records in order, a millisecond apart up to `last`.
        mutating func append(_ count: Int = 100, upTo last: Int64, appendedAt appendTime: Int64? = nil, to bucket: Int)
        {
            let times = (0..<count).map { last - Int64(count - 1 - $0) * 1000 }
            append(times, appendedAt: appendTime ?? last, to: bucket)
        }

        mutating func append(_ times: [Int64], appendedAt appendTime: Int64, to bucket: Int) {
            let offsets = times.indices.map { self.offsets[bucket] + Int64($0) }
            self.offsets[bucket] += Int64(times.count)
            watermark.observe(times, excluded: nil, offsets: offsets, appendTime: appendTime, bucket: bucket)
        }
    }

    @Test func thereIsNoneBeforeEnoughRecordsWereSeen() {
        var feed = Feed(confidence: 0.99, bucketCount: 1)
        #expect(feed.watermark.time == nil)
        feed.append(98, upTo: base, to: 0)
        #expect(feed.watermark.time == nil)
        #expect(feed.watermark.recordCount == 0)
        feed.append(2, upTo: base + second, to: 0)
        #expect(feed.watermark.time == base + second)
    }

    @Test func theBucketThatIsFurthestBehindHoldsItBack() {
        var feed = Feed(bucketCount: 2)
        feed.append(upTo: base + 10 * second, to: 0)
        // Nobody knows yet what the other bucket has.
        #expect(feed.watermark.time == nil)
        feed.append(upTo: base, appendedAt: base + 10 * second, to: 1)
        #expect(feed.watermark.time == base)
        feed.append(upTo: base + 3600 * second, to: 0)
        #expect(feed.watermark.time == base, "bucket 1 has records left, however old its last one is")
    }

    @Test func idleBucketsDoNotHoldItBack() {
        var feed = Feed(bucketCount: 3)
        feed.watermark.drained(bucket: 2)
        feed.append(upTo: base, to: 0)
        feed.append(upTo: base, to: 1)
        #expect(feed.watermark.time == base, "a bucket without any record is idle")
        feed.watermark.drained(bucket: 1)
        feed.append(upTo: base + 4 * second, to: 0)
        #expect(feed.watermark.time == base, "bucket 1 may only be slow")
        feed.append(upTo: base + 6 * second, to: 0)
        #expect(feed.watermark.time == base + 6 * second)
    }

    @Test func aBucketThatTurnsOutIdleLetsItGoOnWithoutAnotherRecord() {
        var feed = Feed(bucketCount: 2)
        feed.append(upTo: base, to: 1)
        feed.append(upTo: base + 60 * second, to: 0)
        #expect(feed.watermark.time == base)
        feed.watermark.drained(bucket: 1)
        #expect(feed.watermark.time == base + 60 * second)
    }

    @Test func itNeverGoesBack() {
        var generator = SeededGenerator(seed: 5)
        var feed = Feed(bucketCount: 4)
        var last = Int64.min
        var now = base
        for _ in 0..<2000 {
            let bucket = Int.random(in: 0..<4, using: &generator)
            if Int.random(in: 0..<3, using: &generator) == 0 {
                feed.watermark.drained(bucket: bucket)
            } else {
                now += Int64.random(in: 0...3, using: &generator) * second
                let lateness = Int64.random(in: 0...20, using: &generator)
                let times = (0..<Int.random(in: 1...50, using: &generator)).map { _ in
                    now - second * (1 << Int64.random(in: 0...lateness, using: &generator))
                }
                feed.append(times, appendedAt: now, to: bucket)
            }
            let time = feed.watermark.time ?? .min
            #expect(time >= last)
            last = time
        }
        #expect(last > .min)
    }

    @Test func recordsThatAreReadAgainDoNotCountAgain() {
        var feed = Feed(bucketCount: 1)
        feed.append(upTo: base, to: 0)
        feed.append(upTo: base + second, to: 0)
        let (count, late) = (feed.watermark.recordCount, feed.watermark.lateCount)
        feed.offsets[0] = 100
        feed.append(upTo: base + second, to: 0)
        #expect(feed.watermark.recordCount == count)
        #expect(feed.watermark.lateCount == late)
        feed.append(upTo: base + 2 * second, to: 0)
        #expect(feed.watermark.recordCount == count + 100)
    }

    @Test func nothingIsClosedByItWhileRecordsAreReadAgain() {
        var feed = Feed(bucketCount: 2)
        feed.append(upTo: base, to: 0)
        feed.append(upTo: base, to: 1)
        #expect(feed.watermark.isReached)
        feed.watermark.stand(at: 40, appendTime: base, bucket: 1)
        feed.watermark.stand(at: 100, appendTime: base, bucket: 0)
        #expect(!feed.watermark.isReached)
        #expect(feed.watermark.time == base, "and it is shown as it was")
        feed.offsets[1] = 40
        feed.append(59, upTo: base, to: 1)
        #expect(!feed.watermark.isReached)
        feed.append(1, upTo: base, to: 1)
        #expect(feed.watermark.isReached)
    }

    @Test func aBucketThatHadRecordsBeforeTheStartHoldsItBackUntilItHasOneOrIsIdle() {
        for becomesIdle in [false, true] {
            var feed = Feed(bucketCount: 2)
            feed.watermark.stand(at: 0, appendTime: 0, bucket: 0)
            feed.watermark.stand(at: 70, appendTime: base, bucket: 1)
            feed.watermark.drained(bucket: 1)
            feed.append(upTo: base + second, to: 0)
            feed.watermark.drained(bucket: 0)
            #expect(feed.watermark.time == nil)
            if becomesIdle {
                feed.append(upTo: base + 6 * second, to: 0)
                #expect(feed.watermark.time == base + 6 * second)
            } else {
                feed.offsets[1] = 70
                feed.append(upTo: base + second, to: 1)
                #expect(feed.watermark.time == base + second)
            }
        }
    }

    @Test func aClockThatIsAheadTakesItNoFurtherThanTheRecordsArrival() {
        var feed = Feed(bucketCount: 1)
        feed.append(upTo: base, to: 0)
        feed.append([base + 30 * 86_400 * second], appendedAt: base + second, to: 0)
        #expect(feed.watermark.time == base + second)
    }

    @Test func excludedRecordsCountForNothing() {
        var watermark = InputWatermark(confidence: 0.5, bucketCount: 1)
        watermark.observe(
            [base, base + 9 * second, base + second, base + second], excluded: [false, true, false, false],
            offsets: [0, 1, 2, 3], appendTime: base + 60 * second, bucket: 0)
        #expect(watermark.time == base + second)
        watermark.observe(
            [base, base], excluded: [true, false], offsets: [4, 5], appendTime: base + 60 * second, bucket: 0)
        #expect(watermark.recordCount == 1)
        #expect(watermark.lateCount == 1)
    }

    @Test func itFollowsALatenessThatChanges() throws {
        var generator = SeededGenerator(seed: 6)
        var feed = Feed(confidence: 0.9, bucketCount: 1)
        var now = base
        func run(records: Int, lateness: ClosedRange<Int64>) throws -> Int64 {
            for _ in 0..<records / 1000 {
                let times = (0..<1000).map { _ in
                    now += 100_000
                    return now - Int64.random(in: lateness, using: &generator)
                }
                feed.append(times, appendedAt: now, to: 0)
            }
            return now - (try #require(feed.watermark.time))
        }
        let slow = try run(records: 100_000, lateness: 0...60 * second)
        #expect(slow > 40 * second)
        // Seventeen half-lives by event time, nine by records: the slower counts.
        let fast = try run(records: 600_000, lateness: 0...second)
        #expect(fast < 5 * second)
    }
}

@Suite struct LatenessHistogramTests {
    @Test func everyLatenessIsInABinThatEndsWithinA32ndOfIt() {
        var generator = SeededGenerator(seed: 7)
        for exponent in 0..<53 {
            for _ in 0..<50 {
                let lateness = Int64.random(in: 0...(1 << Int64(exponent)), using: &generator)
                let greatest = LatenessHistogram.greatest(inBin: LatenessHistogram.bin(of: lateness))
                #expect(greatest >= lateness)
                #expect(greatest - lateness <= lateness / 32)
            }
        }
        #expect(LatenessHistogram.bin(of: .max) == LatenessHistogram.bin(of: 1 << 60))
    }

    @Test func aQuantileLeavesRoomForTheNextRecord() {
        var histogram = LatenessHistogram()
        #expect(histogram.quantile(0.5) == nil)
        func add(_ lateness: Int64, _ count: Int) {
            histogram.add { bins, weight in
                bins[LatenessHistogram.bin(of: lateness)] += Double(count) * weight
                return count
            }
        }
        add(10, 8)
        #expect(histogram.quantile(0.9) == nil)
        add(20, 1)
        #expect(histogram.quantile(0.9) == 20)
        #expect(histogram.quantile(0.8) == 10)
        add(0, 30)
        #expect(histogram.quantile(0.5) == 0)
    }

    @Test func forgettingChangesNoProportionAndOutlivesEveryWeight() {
        var histogram = LatenessHistogram()
        for _ in 0..<1000 {
            histogram.add { bins, weight in
                bins[LatenessHistogram.bin(of: 5)] += 99 * weight
                bins[LatenessHistogram.bin(of: 31)] += weight
                return 100
            }
            #expect(histogram.quantile(0.9) == 5)
            histogram.decay(halfLives: 1)
        }
        #expect(histogram.weight >= 1)
        #expect(histogram.total.isFinite)
    }
}
