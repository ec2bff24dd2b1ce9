import Foundation
import Records
import Synchronization
import Testing

@testable import Tables

// A writer counts up rows of a small table, and publishes with each commit which it was. Readers read the position first and rows
// afterwards, over a cache so small that rows come and go all the time.

@Suite struct HotRowThreadTests {
    private static let keyCount = 3000
    private static let commits = 200
    private static let readers = 3

    @Test func noReaderSeesARowOlderThanThePositionItReadBefore() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        let tables = store.tables
        let id = VersionID(table: 1, version: 1)
        let tuples = try (0..<Self.keyCount).map { try Fixture.tuple(.int64(Int64($0))) }
        // How often each key is counted up by the first commits.
        var random = Seeded(5)
        let plan = (0..<Self.commits).map { _ in
            (0..<Int.random(in: 1...40, using: &random)).map { _ in
                // Some keys are written, and read, far more often than others.
                Int.random(in: 0...Int.random(in: 1..<Self.keyCount, using: &random), using: &random)
            }
        }
        let isOver = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let hits = Atomic<Int>(0)
        let reads = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: Self.readers + 1) { thread in
            if thread == 0 {
                do {
                    for (number, keys) in plan.enumerated() {
                        try tables.merge(
                            Set(keys).map { key in (tuples[key], Fixture.count(Int64(keys.count { $0 == key }))) },
                            into: table,
                            positions: [
                                StoredPosition(
                                    sink: .table(id), category: 1, bucket: 0, offset: Int64(number + 1), appendTime: 0)
                            ])
                    }
                } catch {
                    failures.withLock { $0.append("writing: \(error)") }
                }
                isOver.store(true, ordering: .releasing)
                return
            }
            var random = Seeded(UInt64(thread) * 77)
            var counted = [Int64](repeating: 0, count: Self.keyCount)
            var known = 0
            let lookup = RowLookup()
            do {
                var rounds = 0
                while !isOver.load(ordering: .acquiring) || rounds < 50 {
                    rounds += 1
                    let position = try tables.positions(of: .table(id)).values.first?.offset ?? 0
                    while known < position {
                        for key in plan[known] { counted[key] += 1 }
                        known += 1
                    }
                    lookup.removeAll()
                    let keys = (0..<20).map { _ in
                        Int.random(in: 0...Int.random(in: 1..<Self.keyCount, using: &random), using: &random)
                    }
                    for key in keys { lookup.keys.append(tuples[key]) }
                    if try tables.lookUpHot(lookup, in: table) {
                        hits.wrappingAdd(1, ordering: .relaxed)
                    } else {
                        hits.wrappingAdd(keys.count - lookup.missed.count > 0 ? 1 : 0, ordering: .relaxed)
                        try tables.lookUpStored(lookup, in: table)
                    }
                    reads.wrappingAdd(1, ordering: .relaxed)
                    for (index, key) in keys.enumerated() {
                        var count: Int64 = 0
                        if let row = lookup.rows[index], case .int64(let n) = try table.values(of: [UInt8](row))[0] {
                            count = n
                        }
                        if count < counted[key] {
                            failures.withLock {
                                $0.append("key \(key): \(count) at position \(position), not \(counted[key])")
                            }
                        }
                    }
                }
            } catch {
                failures.withLock { $0.append("reading: \(error)") }
            }
        }
        let found = failures.withLock { $0 }
        #expect(found.isEmpty, "\(found.count), such as \(found.prefix(3))")
        let (allHits, allReads) = (hits.load(ordering: .relaxed), reads.load(ordering: .relaxed))
        #expect(allHits > allReads / 10)
    }

    /// Many threads fill in, find and take out the same rows of a single stripe, whose bytes each say what they belong to.
    @Test func noReaderSeesARowInPieces() throws {
        let cache = try HotRowCache(bytes: 1 << 20)
        @Sendable func row(_ key: Int, _ version: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(truncatingIfNeeded: key &* 7 &+ version), count: 4000 + key % 1000) + [
                UInt8(version & 0xff)
            ]
        }
        let wrong = Atomic<Int>(0)
        let found = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            var random = Seeded(UInt64(thread))
            for step in 0..<40_000 {
                let number = Int.random(in: 0..<100, using: &random)
                let key = Array("\(number)".utf8)
                switch Int.random(in: 0..<8, using: &random) {
                case 0: cache.write([key])
                case 1...3: cache.fill(key, row(number, step))
                default:
                    guard case .row(let bytes) = cache.kept(key) else { continue }
                    found.wrappingAdd(1, ordering: .relaxed)
                    guard let version = bytes.last, bytes == row(number, Int(version)) else {
                        wrong.wrappingAdd(1, ordering: .relaxed)
                        continue
                    }
                }
            }
        }
        let (allWrong, allFound) = (wrong.load(ordering: .relaxed), found.load(ordering: .relaxed))
        #expect(allWrong == 0)
        #expect(allFound > 500)
    }
}
