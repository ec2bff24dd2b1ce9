import Testing

@testable import Tables

@Suite struct HotRowCacheTests {
    private func key(_ number: Int) -> [UInt8] { Array("key\(number)".utf8) }

    private func row(_ number: Int, bytes: Int = 100) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
    }

    @Test func aRowIsFoundAsItWasPutIn() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        #expect(cache.kept(key(1)) == .nothing)
        cache.fill(key(1), row(1))
        cache.fill(key(2), [])
        cache.fill([], row(3))
        #expect(cache.kept([key(1), key(2), [], key(1)]) == [.row(row(1)), .row([]), .row(row(3)), .row(row(1))])
    }

    @Test func anAbsentRowIsKeptAndIsNoEmptyOne() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        cache.fill(key(1), nil)
        #expect(cache.kept(key(1)) == .absent)
        cache.write([key(1)])
        #expect(cache.kept(key(1)) == .nothing)
        cache.fill(key(1), [])
        #expect(cache.kept(key(1)) == .row([]))
    }

    @Test func rowsOfOneSpaceAndRevisionAreNotThoseOfAnother() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        cache.fill(key(1), row(1), space: 1, revision: 1)
        #expect(cache.kept(key(1), space: 2, revision: 1) == .nothing)
        #expect(cache.kept(key(1), space: 1, revision: 2) == .nothing)
        cache.fill(key(1), row(2), space: 1, revision: 2)
        #expect(cache.kept(key(1), space: 1, revision: 2) == .row(row(2)))
        #expect(cache.kept(key(1), space: 1, revision: 1) == .nothing)
        // A commit takes out what it wrote whatever the revision.
        cache.write([key(1)], space: 1)
        #expect(cache.kept(key(1), space: 1, revision: 2) == .nothing)
    }

    @Test func aRowThatWasReadWhileItsStripeWasWrittenIsNotPutIn() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        let noted = cache.note(key(1))
        cache.write([key(1)])
        cache.fill(key(1), row(1), noted: noted)
        #expect(cache.kept(key(1)) == .nothing)
        cache.fill(key(1), row(2), noted: cache.note(key(1)))
        #expect(cache.kept(key(1)) == .row(row(2)))
    }

    @Test func aRowThatWouldPushOutTooManyIsNotKept() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        let most = cache.greatestEntryBytes - HotEntry.headerBytes - key(1).count
        cache.fill(key(1), row(1, bytes: most))
        #expect(cache.kept(key(1)) == .row(row(1, bytes: most)))
        cache.fill(key(2), row(2, bytes: most + 1))
        #expect(cache.kept(key(2)) == .nothing)
        let longKey = [UInt8](repeating: 7, count: HotEntry.maxKeyBytes + 1)
        cache.fill(longKey, nil)
        #expect(cache.kept(longKey) == .nothing)
    }

    @Test(arguments: [0, 20, 100, 700, 3000])
    func whatIsKeptNeverTakesMoreThanTheCacheHas(bytes: Int) throws {
        let size = 1 << 20
        let cache = try HotRowCache(bytes: size)
        #expect(cache.bytes == size)
        let count = 2 * size / (bytes + 40)
        for number in 0..<count {
            cache.fill(key(number), row(number, bytes: bytes))
            if number % 20 == 0 { _ = cache.kept((0..<20).map { key((number + $0 * 7) % (number + 1)) }) }
        }
        let kept = cache.kept((0..<count).map { key($0) }).enumerated().filter { $0.element != .nothing }
        #expect(kept.allSatisfy { $0.element == .row(row($0.offset, bytes: bytes)) })
        let used = kept.reduce(0) { $0 + HotEntry.headerBytes + key($1.offset).count + bytes }
        #expect(used <= size)
        // Nor is much of it left empty, as long as rows are not far smaller than the index is made for.
        if bytes >= 100 { #expect(used >= size / 2) }
    }

    @Test func aScanOfColdKeysLeavesTheHotOnes() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        let hot = (0..<2000).map { key($0) }
        for _ in 0..<4 {
            for (number, kept) in cache.kept(hot).enumerated() where kept == .nothing {
                cache.fill(hot[number], row(number))
            }
        }
        // Ten times what the cache holds, each key once; hot keys are asked for all along, each a few times.
        for number in 0..<60_000 {
            cache.fill(key(1_000_000 + number), row(number))
            if number % 5 == 0 {
                let wanted = number / 5 % hot.count
                if cache.kept(hot[wanted]) == .nothing { cache.fill(hot[wanted], row(wanted)) }
            }
        }
        let left = cache.kept(hot).count { $0 != .nothing }
        #expect(left > hot.count * 9 / 10, "\(left) of \(hot.count) are left")
    }

    @Test func onceItIsFullARowComesInWhenItIsReadAgainSoon() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        for number in 1...10_000 { cache.fill(key(number), row(number)) }
        // A few come in at once.
        var atOnce = 0
        for number in 10_001...10_160 {
            cache.fill(key(number), row(number))
            if cache.kept(key(number)) != .nothing { atOnce += 1 }
            cache.fill(key(number), row(number))
            #expect(cache.kept(key(number)) == .row(row(number)))
        }
        #expect(atOnce < 60, "\(atOnce) of 160")
        // So many are read in between that nobody knows any more that these were.
        for number in 20_000..<20_100 { cache.fill(key(number), row(number)) }
        for number in 30_000..<90_000 { cache.fill(key(number), row(number)) }
        for number in 20_000..<20_100 { cache.fill(key(number), row(number)) }
        let known = (20_000..<20_100).count { cache.kept(key($0)) != .nothing }
        #expect(known < 50, "\(known) of 100")
    }

    @Test func aRowThatIsNotFoundAnyMoreLeaves() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        cache.fill(key(0), row(0))
        cache.fill(key(1), row(1))
        for number in 2..<40_000 {
            #expect(cache.kept(key(0)) == .row(row(0)))
            cache.fill(key(number), row(number))
            cache.fill(key(number), row(number))
        }
        #expect(cache.kept(key(1)) == .nothing)
    }

    /// Against a dictionary of what is true: what is found is what was last filled in, and nothing that was written since.
    @Test(arguments: 0..<4 as Range<UInt64>) func whatIsFoundIsWhatWasPutInSinceTheLastWrite(seed: UInt64) throws {
        var random = Seeded(seed)
        let cache = try HotRowCache(bytes: 1 << 20)
        let keys = (0..<5000).map { key($0) }
        var truth: [Int: [UInt8]?] = [:]
        var pending: [(number: Int, row: [UInt8]?, noted: UInt64)] = []
        var found = 0
        for step in 0..<20_000 {
            let number = Int.random(in: 0..<keys.count, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                let written = (0..<Int.random(in: 1...200, using: &random)).map { (number + $0 * 13) % keys.count }
                for number in written {
                    truth[number] =
                        Int.random(in: 0..<4, using: &random) == 0
                        ? .some(nil) : row(step, bytes: Int.random(in: 0...400, using: &random))
                }
                cache.write(written.map { keys[$0] })
            case 1...3: pending.append((number, truth[number] ?? nil, cache.note(keys[number])))
            case 4...6:
                guard !pending.isEmpty else { continue }
                let fill = pending.remove(at: Int.random(in: pending.indices, using: &random))
                cache.fill(keys[fill.number], fill.row, noted: fill.noted)
            case 7...9: cache.fill(keys[number], truth[number] ?? nil)
            default:
                let wanted = (0..<5).map { (number + $0 * 101) % keys.count }
                for (number, kept) in zip(wanted, cache.kept(wanted.map { keys[$0] })) {
                    guard kept != .nothing else { continue }
                    found += 1
                    #expect(kept == (truth[number] ?? nil).map { .row($0) } ?? .absent)
                }
            }
        }
        #expect(found > 500)
    }
}
