import Records
import RocksDB
import Testing

@testable import Tables

/// The store against a dictionary, through flushes, compactions and restarts.
@Suite struct ModelTests {
    @Test(arguments: 0..<6 as Range<UInt64>) func theStoreAnswersAsADictionaryWould(seed: UInt64) throws {
        var random = Seeded(seed)
        let counts = Fixture.counts()
        let planes = Fixture.aircraft()
        let store = try TestStore(counts, planes)
        var countModel: [Int64: (n: Int64, max: Int64?)] = [:]
        var planeModel: [Int64: (order: UpsertOrder, carrier: String?)] = [:]
        for step in 0..<200 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try store.tables.opened().database.flush()
            case 1 where step % 5 == 0:
                for family in try store.tables.opened().database.families {
                    try store.tables.opened().database.compact(family)
                }
            case 2 where step % 10 == 0: try store.reopen()
            case 3...7:
                var merges: [(tuple: [UInt8], operand: [UInt8])] = []
                for _ in 0..<Int.random(in: 1...20, using: &random) {
                    let key = Int64.random(in: -20...20, using: &random)
                    let n = Int64.random(in: 0...5, using: &random)
                    let max = Bool.random(using: &random) ? Int64.random(in: -9...9, using: &random) : nil
                    merges.append((try Fixture.tuple(.int64(key)), Fixture.count(n, max: max)))
                    let old = countModel[key] ?? (0, nil)
                    countModel[key] = (old.n + n, [old.max, max].compactMap { $0 }.max())
                }
                var upserts: [(tuple: [UInt8], operand: [UInt8])] = []
                for index in 0..<Int.random(in: 1...10, using: &random) {
                    let key = Int64.random(in: 0...20, using: &random)
                    let order = UpsertOrder.log(
                        eventTime: .random(in: 0...50, using: &random), bucket: 0, offset: Int64(step * 100 + index))
                    let carrier = Int.random(in: 0..<4, using: &random) == 0 ? nil : "c\(step)"
                    upserts.append(
                        (
                            try Fixture.tuple(.string("N\(key)")),
                            Fixture.plane(carrier, order, isDeleted: carrier == nil)
                        ))
                    if let old = planeModel[key], old.order > order { continue }
                    planeModel[key] = (order, carrier)
                }
                try store.tables.commit(
                    Checkpoint(
                        merges: [try store.tables.merges(merges, counts), try store.tables.merges(upserts, planes)],
                        positions: []))
            default:
                let keys = (-21...21).map { Int64($0) }.shuffled(using: &random)
                let rows = try store.tables.get(counts, keys: keys.map { try Fixture.tuple(.int64($0)) })
                for (index, key) in keys.enumerated() {
                    let expected = countModel[key].map {
                        [.int64($0.n), $0.max.map { .int64($0) } ?? .null] as [Value]
                    }
                    #expect(try rows[index].map { try counts.values(of: [UInt8]($0)) } == expected)
                }
                for key in keys where key >= 0 {
                    let expected = planeModel[key]?.carrier.map { [.string($0), .null] as [Value] }
                    #expect(try store.tables.row(planes, .string("N\(key)")) == expected)
                }
            }
        }
        #expect(store.tables.undecodableOperands == 0)
    }
}
