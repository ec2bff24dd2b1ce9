import Bytes
import Catalog
import Records
import RocksDB
import Tables
import Testing

@Suite struct PaneTests {
    private let table = Fixture.counts()
    private let output = CategoryEntry(
        id: 8, name: "counts", bucketCount: 1, format: .json,
        output: .panes(PaneQuery(tableID: 1, emission: .final, keyColumn: 0)), sql: "")

    private func store() throws -> TestStore {
        let store = try TestStore(table)
        try store.catalog.update { try $0.put(output) }
        return store
    }

    private func markers(_ panes: [(start: Int64, key: Int64)]) throws -> PaneMarkers {
        var markers = PaneMarkers()
        for pane in panes {
            try Fixture.tuple(.int64(pane.key)).withUnsafeBytes { markers.append(start: pane.start, key: $0) }
        }
        return markers
    }

    private func pending(
        _ store: TestStore, from lower: Int64 = .min, before upper: Int64 = .max, limit: Int = 100
    ) throws -> [[Int64]] {
        let markers = try store.tables.pendingPanes(of: 1, from: lower, before: upper, limit: limit)
        return try (0..<markers.count).map { index in
            let key = try markers.keys[index].withUnsafeBytes { try decodeKey($0, types: [.int64]) }
            guard case .int64(let key) = key[0] else { return [] }
            return [markers.starts[index], key]
        }
    }

    private func commit(_ store: TestStore, _ changes: PaneChanges..., isSynced: Bool = false) throws {
        try store.tables.commit(Checkpoint(merges: [], positions: [], panes: changes, isSynced: isSynced))
    }

    @Test func panesWaitInTheOrderOfTheirStartsWithinBounds() throws {
        let store = try store()
        try commit(store, PaneChanges(table: 1, pending: try markers([(60, 2), (-60, 3), (0, 1), (60, 1), (0, 1)])))
        #expect(try pending(store) == [[-60, 3], [0, 1], [60, 1], [60, 2]])
        #expect(try pending(store, before: 60) == [[-60, 3], [0, 1]])
        #expect(try pending(store, from: 0, before: 60) == [[0, 1]])
        #expect(try pending(store, limit: 3) == [[-60, 3], [0, 1], [60, 1]])
    }

    @Test func whatWaitsAndHowFarTheOutputHasComeOutliveARestart() throws {
        let store = try store()
        let emission = PaneEmission(round: 3, sequence: 17, bound: -60, isOpen: true, limit: 1 << 40)
        #expect(try store.tables.emission(ofPanesOf: 1) == nil)
        try commit(
            store, PaneChanges(table: 1, pending: try markers([(0, 1), (60, 1)]), emission: emission), isSynced: true)
        for _ in 0..<2 {
            #expect(try store.tables.emission(ofPanesOf: 1) == emission)
            #expect(try pending(store) == [[0, 1], [60, 1]])
            try store.reopen()
        }
        let killed = try store.copyAsIfKilled()
        #expect(try killed.tables.emission(ofPanesOf: 1) == emission)
        #expect(try pending(killed) == [[0, 1], [60, 1]])
    }

    @Test func aPaneThatWasEmittedAndChangedSinceWaitsAgain() throws {
        let store = try store()
        try commit(store, PaneChanges(table: 1, pending: try markers([(0, 1), (0, 2)])))
        try commit(
            store,
            PaneChanges(table: 1, emitted: try markers([(0, 1), (0, 2)]), pending: try markers([(0, 2), (0, 3)]))
        )
        #expect(try pending(store) == [[0, 2], [0, 3]])
    }

    @Test func aFailedWriteTakesMarkersBackWithTheMerges() throws {
        let store = try store()
        try commit(store, PaneChanges(table: 1, pending: try markers([(0, 1)])))
        store.tables.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        #expect(throws: TablesError.self) {
            try commit(store, PaneChanges(table: 1, emitted: try markers([(0, 1)]), pending: try markers([(0, 2)])))
        }
        try store.tables.recover()
        #expect(try pending(store) == [[0, 1]])
    }

    // MARK: Outputs that are gone

    @Test func aDroppedOutputTakesItsPositionsAndMarkersAlong() throws {
        let store = try store()
        let position = StoredPosition(sink: .category(8), category: 7, bucket: 0, offset: 5, appendTime: 6)
        let other = StoredPosition(sink: .category(9), category: 7, bucket: 0, offset: 3, appendTime: 6)
        try store.tables.commit(
            Checkpoint(
                merges: [], positions: [other, position],
                panes: [
                    PaneChanges(
                        table: 1, pending: try markers([(0, 1)]),
                        emission: PaneEmission(round: 1, sequence: 2, bound: 0, isOpen: false))
                ]))
        #expect(try store.tables.positions(of: .category(8)) == [position.key: position])
        try store.tables.dropOutput(category: 8, panesOf: 1)
        #expect(try store.tables.positions(of: .category(8)).isEmpty)
        #expect(try store.tables.positions(of: .category(9)) == [other.key: other])
        #expect(try pending(store).isEmpty)
        #expect(try store.tables.emission(ofPanesOf: 1) == nil)
    }

    @Test func theStartForgetsOutputsThatTheCatalogForgot() throws {
        let store = try store()
        let kept = StoredPosition(sink: .category(8), category: 7, bucket: 1, offset: 5, appendTime: 6)
        let gone = StoredPosition(sink: .category(9), category: 7, bucket: 0, offset: 3, appendTime: 6)
        var panes: [PaneChanges] = []
        for table in [1, 2, 3] as [UInt32] {
            panes.append(PaneChanges(table: table, pending: try markers([(0, 1), (60, 1)])))
        }
        try store.tables.commit(Checkpoint(merges: [], positions: [kept, gone], panes: panes))
        try store.reopen()
        #expect(try store.tables.positions(of: .category(8)) == [kept.key: kept])
        #expect(try store.tables.positions(of: .category(9)).isEmpty)
        #expect(try pending(store) == [[0, 1], [60, 1]])
        #expect(try store.tables.pendingPanes(of: 2, limit: 9).count == 0)
        #expect(try store.tables.pendingPanes(of: 3, limit: 9).count == 0)
    }
}
