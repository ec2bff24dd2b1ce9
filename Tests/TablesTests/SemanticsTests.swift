import Catalog
import Records
import RocksDB
import Synchronization
import Tables
import Testing

/// What a write that fails between the two halves of a checkpoint leaves behind.
@Suite struct SemanticsTests {
    private let table = Fixture.counts()

    private func checkpoint(_ store: TestStore, _ semantics: Semantics) throws -> Checkpoint {
        Checkpoint(
            merges: [try store.tables.merges([(try Fixture.tuple(.int64(1)), Fixture.count(1))], table)],
            positions: [StoredPosition(table: 1, version: 1, category: 7, bucket: 0, offset: 5, appendTime: 0)],
            semantics: semantics)
    }

    /// Row and position after a checkpoint of which `writes` writes succeeded.
    private func outcome(_ semantics: Semantics, after writes: Int) throws -> (row: [Value]?, offset: Int64?) {
        let store = try TestStore(table)
        store.tables.failWrite(after: writes, with: RocksDBError(.noSpace, "No space left on device"))
        let checkpoint = try checkpoint(store, semantics)
        try? store.tables.commit(checkpoint)
        try store.tables.recover()
        return (
            try store.tables.row(table, .int64(1)),
            try store.tables.positions(table: 1, version: 1)[PositionKey(category: 7, bucket: 0)]?.offset
        )
    }

    @Test func exactlyOnceIsOneWrite() throws {
        var (row, offset) = try outcome(.exactlyOnce, after: 0)
        #expect(row == nil && offset == nil)
        (row, offset) = try outcome(.exactlyOnce, after: 1)
        #expect(row == [.int64(1), .null] && offset == 5)
    }

    @Test func atLeastOnceMayHaveMergesWithoutTheirPosition() throws {
        var (row, offset) = try outcome(.atLeastOnce, after: 1)
        #expect(row == [.int64(1), .null] && offset == nil)
        (row, offset) = try outcome(.atLeastOnce, after: 2)
        #expect(row == [.int64(1), .null] && offset == 5)
    }

    @Test func atMostOnceMayHaveThePositionWithoutItsMerges() throws {
        var (row, offset) = try outcome(.atMostOnce, after: 1)
        #expect(row == nil && offset == 5)
        (row, offset) = try outcome(.atMostOnce, after: 2)
        #expect(row == [.int64(1), .null] && offset == 5)
    }

    @Test func theSwitchForTestsTakesPositionsOutOfTheWrite() throws {
        let store = try TestStore(table, switches: TestSwitches(positionsApartMilliseconds: 1))
        store.tables.failWrite(after: 1, with: RocksDBError(.noSpace, "No space left on device"))
        let checkpoint = try checkpoint(store, .exactlyOnce)
        #expect(throws: TablesError.self) { try store.tables.commit(checkpoint) }
        try store.tables.recover()
        #expect(try store.tables.row(table, .int64(1)) == [.int64(1), .null])
        #expect(try store.tables.positions(table: 1, version: 1).isEmpty)
    }
}
