import Catalog
import Records
import Tables
import Testing

@Suite struct ScanTests {
    /// A table, and its keys in tuple order.
    struct Sample: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var types: [ValueType]
        var shardColumns: Int
        var columns: [[Value]]

        var table: TableEntry {
            Fixture.counts(
                keys: types.enumerated().map { KeyColumn(name: "k\($0.offset)", type: $0.element) },
                shardColumns: shardColumns)
        }

        /// Every combination of the columns' values, in tuple order, for each column's values ascend.
        var keys: [[Value]] {
            columns.reduce([[]]) { keys, values in keys.flatMap { key in values.map { key + [$0] } } }
        }
    }

    static let integers: [Value] = [
        .null, .int64(.min), .int64(-257), .int64(-256), .int64(-1), .int64(0), .int64(1), .int64(255), .int64(256),
        .int64(.max),
    ]
    static let strings: [Value] = [
        .null, .string(""), .string("\0"), .string("\0\0"), .string("\0a"), .string("a"), .string("a\0"),
        .string("a\0b"), .string("ab"), .string("ÿ"),
    ]
    static let samples = [
        Sample(testDescription: "INT64, one shard column", types: [.int64], shardColumns: 1, columns: [integers]),
        Sample(
            testDescription: "STRING, INT64, sharded by the first", types: [.string, .int64], shardColumns: 1,
            columns: [strings, integers]),
        Sample(
            testDescription: "STRING, STRING, BOOL, sharded by all", types: [.string, .string, .bool], shardColumns: 3,
            columns: [strings, strings, [.null, .bool(false), .bool(true)]]),
        Sample(
            testDescription: "DOUBLE, BYTES, sharded by none", types: [.double, .bytes], shardColumns: 0,
            columns: [
                [.null, .double(-.infinity), .double(-1.5), .double(0), .double(1e300), .double(.infinity)],
                [.bytes([]), .bytes([0]), .bytes([0, 0xff]), .bytes([0xff]), .bytes([0xff, 0])],
            ]),
    ]

    private func filled(_ sample: Sample) throws -> TestStore {
        let store = try TestStore(sample.table)
        try store.tables.merge(
            sample.keys.enumerated().map { (try Fixture.tuple($0.element), Fixture.count(Int64($0.offset))) },
            into: sample.table)
        return store
    }

    /// The keys' places in tuple order, as the rows' counts tell them, through as many pages as it takes.
    private func scan(_ store: TestStore, _ sample: Sample, _ range: ScanRange) throws -> [Int] {
        var range = range
        var found: [Int] = []
        let table = sample.table
        repeat {
            let page = try store.tables.scan(table, range)
            #expect(page.keys.count == page.rows.count)
            if range.limit > 0 { #expect(page.rows.count <= range.limit) }
            for index in 0..<page.rows.count {
                let message = try #require(page.rows[index])
                guard case .int64(let place)? = try table.values(of: [UInt8](message)).first else {
                    Issue.record("a row has no count")
                    continue
                }
                found.append(Int(place))
                #expect([UInt8](page.keys[index]) == (try Fixture.tuple(sample.keys[Int(place)])))
            }
            range.continuation = page.continuation
        } while !range.continuation.isEmpty
        return found
    }

    @Test(arguments: samples) func rowsComeInTupleOrderBothWays(sample: Sample) throws {
        let store = try filled(sample)
        #expect(try scan(store, sample, ScanRange()) == Array(sample.keys.indices))
        #expect(try scan(store, sample, ScanRange(isReversed: true)) == sample.keys.indices.reversed())
    }

    @Test(arguments: samples) func pagesOfRandomRangesAreTheModelsRows(sample: Sample) throws {
        var random = Seeded(42)
        let store = try filled(sample)
        for _ in 0..<25 {
            let prefixCount = Int.random(in: 0..<sample.types.count, using: &random)
            let prefix = (0..<prefixCount).map { sample.columns[$0].randomElement(using: &random) ?? .null }
            func bound() -> [Value]? {
                guard Bool.random(using: &random) else { return nil }
                let count = Int.random(in: 1...sample.types.count - prefixCount, using: &random)
                return (prefixCount..<prefixCount + count).map {
                    sample.columns[$0].randomElement(using: &random) ?? .null
                }
            }
            let (from, to) = (bound(), bound())
            let range = ScanRange(
                prefix: try Fixture.tuple(prefix), from: try from.map { try Fixture.tuple($0) },
                to: try to.map { try Fixture.tuple($0) }, isReversed: Bool.random(using: &random),
                limit: Int.random(in: 0...5, using: &random))
            let order = { (values: [Value], column: Int) -> Int in
                zip(values, sample.columns[column...]).reduce(0) { $0 * 100 + ($1.1.firstIndex(of: $1.0) ?? 0) }
            }
            var expected = sample.keys.indices.filter { place in
                let key = sample.keys[place]
                if Array(key.prefix(prefixCount)) != prefix { return false }
                let rest = Array(key[prefixCount...])
                if let from, order(Array(rest.prefix(from.count)), prefixCount) < order(from, prefixCount) {
                    return false
                }
                if let to, order(Array(rest.prefix(to.count)), prefixCount) >= order(to, prefixCount) { return false }
                return true
            }
            if range.isReversed { expected.reverse() }
            #expect(try scan(store, sample, range) == expected, "\(range)")
        }
    }

    @Test func aScanSkipsTombstonesAndGoesOnBehindThem() throws {
        let table = Fixture.aircraft()
        let store = try TestStore(table)
        let names = (0..<30).map { "N\(10 + $0)" }
        try store.tables.merge(
            names.enumerated().map {
                (
                    try Fixture.tuple(.string($0.element)),
                    Fixture.plane("UA", .log(eventTime: 1, bucket: 0, offset: 1), isDeleted: $0.offset % 3 != 0)
                )
            }, into: table)
        var found: [String] = []
        var range = ScanRange(limit: 4)
        repeat {
            let page = try store.tables.scan(table, range)
            for key in 0..<page.keys.count {
                found.append(String(decoding: page.keys[key].dropFirst().dropLast(), as: UTF8.self))
            }
            range.continuation = page.continuation
        } while !range.continuation.isEmpty
        #expect(found == names.enumerated().filter { $0.offset % 3 == 0 }.map(\.element))
    }

    @Test func aPageIsBoundedInBytes() throws {
        let table = Fixture.aircraft()
        let store = try TestStore(table)
        let carrier = String(repeating: "x", count: 1 << 20)
        for index in 0..<9 {
            try store.tables.merge(
                [
                    (
                        try Fixture.tuple(.string("N\(index)")),
                        Fixture.plane(carrier, .log(eventTime: 1, bucket: 0, offset: 1))
                    )
                ], into: table)
        }
        let page = try store.tables.scan(table, ScanRange())
        #expect(page.rows.count == 4)
        #expect(!page.continuation.isEmpty)
        let next = try store.tables.scan(table, ScanRange(continuation: page.continuation))
        #expect(next.rows.count == 4)
        let last = try store.tables.scan(table, ScanRange(continuation: next.continuation))
        #expect(last.rows.count == 1)
        #expect(last.continuation.isEmpty)
    }

    @Test func aContinuationOfAnotherScanIsRefused() throws {
        let sample = Self.samples[1]
        let store = try filled(sample)
        let token = try store.tables.scan(sample.table, ScanRange(limit: 50)).continuation
        let prefix = try Fixture.tuple(.string("ÿ"))
        var other = sample.table
        other.id = 77
        for (table, range) in [
            (sample.table, ScanRange(isReversed: true, continuation: token)),
            (sample.table, ScanRange(prefix: prefix, continuation: token)),
            (sample.table, ScanRange(continuation: [1])), (sample.table, ScanRange(continuation: [9] + token)),
            (other, ScanRange(continuation: token)),
        ] {
            let error = #expect(throws: TablesError.self) { try store.tables.scan(table, range) }
            #expect(error?.code == .wrongContinuation)
        }
    }

    @Test func boundsThatDoNotFitTheKeyAreRefused() throws {
        let sample = Self.samples[1]
        let store = try filled(sample)
        let number = try Fixture.tuple(.int64(1))
        let text = try Fixture.tuple(.string("a"))
        for range in [
            ScanRange(prefix: number), ScanRange(prefix: text, from: text), ScanRange(from: number),
            ScanRange(prefix: text + number, to: number), ScanRange(prefix: [0x02, 0x61]),
            // Whole together, but the column is cut in two.
            ScanRange(prefix: [0x02, 0x61], from: [0x00]),
        ] {
            let error = #expect(throws: TablesError.self) { try store.tables.scan(sample.table, range) }
            #expect(error?.code == .wrongKey)
        }
    }
}
