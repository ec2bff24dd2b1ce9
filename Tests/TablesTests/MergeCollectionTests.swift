import Bytes
import Catalog
import Records
import Testing

@testable import Tables

/// Merges of many checkpoints as those of one.
@Suite struct MergeCollectionTests {
    private func merges(_ rows: [(key: String, operand: [UInt8])], table: UInt32 = 1) -> VersionMerges {
        var (keys, operands) = (ByteStrings(), ByteStrings())
        for row in rows {
            keys.append([0, 0] + Array(row.key.utf8))
            operands.append(row.operand)
        }
        return VersionMerges(table: table, version: 1, keys: keys, operands: operands)
    }

    private func rows(_ merges: VersionMerges?) -> [(key: String, operand: [UInt8])] {
        guard let merges else { return [] }
        return (0..<merges.keys.count).map { index in
            (String(decoding: merges.keys[index].dropFirst(2), as: UTF8.self), [UInt8](merges.operands[index]))
        }
    }

    private func contents(_ page: ScanPage) -> [[UInt8]] {
        (0..<page.keys.count).flatMap { [[UInt8](page.keys[$0]), page.rows[$0].map { [UInt8]($0) } ?? []] }
    }

    @Test func nothingIsNothing() {
        var collection = MergeCollection()
        #expect(collection.byteCount == 0)
        #expect(collection.take(for: 2) == nil)
        collection.add(merges([]))
        #expect(collection.byteCount == 0)
        #expect(collection.take(for: 2) == nil)
    }

    @Test func equalKeysBecomeOneAndAllComeInOrder() {
        var collection = MergeCollection()
        collection.add(merges([("c", Fixture.count(1, max: 5)), ("a", Fixture.count(2))]))
        collection.add(merges([("b", Fixture.count(4))]))
        collection.add(merges([("a", Fixture.count(3, max: 1)), ("c", Fixture.count(1, max: 7))]))
        #expect(collection.byteCount > 0)
        let taken = collection.take(for: 7)
        #expect(taken?.version == 7 && taken?.table == 1)
        #expect(rows(taken).map(\.key) == ["a", "b", "c"])
        #expect(
            rows(taken).map(\.operand) == [Fixture.count(5, max: 1), Fixture.count(4), Fixture.count(2, max: 7)])
        #expect(collection.byteCount == 0 && collection.take(for: 7) == nil)
    }

    @Test func operandsThatMustStayApartDoSoInTheirOrder() {
        let bad: [UInt8] = [0xff, 0xff]
        let plane = Fixture.plane("AA", .log(eventTime: 1, bucket: 0, offset: 0))
        var collection = MergeCollection()
        collection.add(merges([("k", Fixture.count(1)), ("l", Fixture.count(1))]))
        collection.add(merges([("k", bad), ("l", plane)]))
        let taken = rows(collection.take(for: 1))
        #expect(taken.map(\.key) == ["k", "k", "l", "l"])
        #expect(taken.map(\.operand) == [Fixture.count(1), bad, Fixture.count(1), plane])
    }

    @Test func aVersionThatGetsThemLateIsThatWhichGotEach() throws {
        var generator = Seeded(71)
        var table = Fixture.counts()
        table.versions.append(VersionEntry(number: 2, createdAt: 0, origin: "live"))
        let store = try TestStore(table)
        for _ in 0..<3 {
            var collection = MergeCollection()
            for _ in 0..<6 {
                let rows = try Set((0..<500).map { _ in Int64.random(in: 0..<900, using: &generator) }).map { key in
                    (
                        try Fixture.tuple(.int64(key)),
                        Fixture.count(
                            .random(in: 1...9, using: &generator), max: .random(in: 0...99, using: &generator))
                    )
                }
                let merges = try store.tables.merges(rows, table)
                try store.tables.commit(Checkpoint(merges: [merges], positions: []))
                collection.add(merges)
            }
            let taken = collection.take(for: 2)
            let late = try #require(taken)
            #expect(late.keys.count <= 900)
            try store.tables.commit(Checkpoint(merges: [late], positions: []))
            var standby = table
            standby.servingVersion = 2
            let (expected, found) = (
                try store.tables.scan(table, ScanRange()), try store.tables.scan(standby, ScanRange())
            )
            #expect(contents(found) == contents(expected))
        }
    }
}
