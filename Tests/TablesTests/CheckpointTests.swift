import Records
import RocksDB
import Synchronization
import Tables
import Testing

@Suite struct CheckpointTests {
    private let table = Fixture.counts()

    private func position(_ offset: Int64, bucket: Int = 0, appendTime: Int64 = 0, table: UInt32 = 1) -> StoredPosition
    {
        StoredPosition(
            table: table, version: 1, category: 7, bucket: bucket, offset: offset, appendTime: appendTime)
    }

    private func merge(_ store: TestStore, _ n: Int64, at offset: Int64) throws {
        try store.tables.merge(
            [(try Fixture.tuple(.int64(1)), Fixture.count(n))], into: table,
            positions: [position(offset), position(offset, bucket: 1)])
    }

    @Test func mergesAndPositionsAppearTogetherAfterARestart() throws {
        let store = try TestStore(table)
        for offset in 1...20 as ClosedRange<Int64> {
            try merge(store, 1, at: offset)
            if offset % 5 == 0 { try store.reopen() }
            let stored = try store.tables.positions(table: 1, version: 1)
            #expect(
                stored == [
                    PositionKey(category: 7, bucket: 0): position(offset),
                    PositionKey(category: 7, bucket: 1): position(offset, bucket: 1),
                ])
            #expect(try store.tables.row(table, .int64(1)) == [.int64(offset), .null])
        }
    }

    @Test func aKilledProcessLeavesMergesAndPositionsThatAgree() throws {
        let store = try TestStore(table)
        for offset in 1...10 as ClosedRange<Int64> {
            try merge(store, 1, at: offset)
            guard offset % 3 == 0 else { continue }
            let copy = try store.copyAsIfKilled()
            let stored = try copy.tables.positions(table: 1, version: 1)
            #expect(stored[PositionKey(category: 7, bucket: 0)]?.offset == offset)
            #expect(try copy.tables.row(table, .int64(1)) == [.int64(offset), .null])
        }
    }

    @Test func oneCheckpointCoversSeveralTables() throws {
        let other = Fixture.counts(id: 9)
        let store = try TestStore(table, other)
        let key = try Fixture.tuple(.int64(1))
        try store.tables.commit(
            Checkpoint(
                merges: [
                    try store.tables.merges([(key, Fixture.count(1))], other),
                    try store.tables.merges([(key, Fixture.count(2))], table),
                ], positions: [position(4, table: 9), position(3)]))
        #expect(try store.tables.row(table, .int64(1)) == [.int64(2), .null])
        #expect(try store.tables.row(other, .int64(1)) == [.int64(1), .null])
        #expect(try store.tables.positions(table: 9, version: 1).values.map(\.offset) == [4])
    }

    @Test func mergesMayComeInAnyOrderAndTwiceForOneKey() throws {
        let store = try TestStore(table)
        var random = Seeded(1)
        var rows: [(tuple: [UInt8], operand: [UInt8])] = []
        for key in -200..<200 as Range<Int64> {
            for _ in 0..<2 { rows.append((try Fixture.tuple(.int64(key)), Fixture.count(key))) }
        }
        try store.tables.merge(rows.shuffled(using: &random), into: table)
        for key in -200..<200 as Range<Int64> {
            #expect(try store.tables.row(table, .int64(key)) == [.int64(2 * key), .null])
        }
    }

    @Test func aCheckpointOfAVersionThatIsNotThereIsRefusedWhole() throws {
        let store = try TestStore(table)
        let key = try Fixture.tuple(.int64(1))
        let merges = [
            try store.tables.merges([(key, Fixture.count(1))], table),
            try store.tables.merges([(key, Fixture.count(1))], table, version: 2),
        ]
        let error = #expect(throws: TablesError.self) {
            try store.tables.commit(Checkpoint(merges: merges, positions: []))
        }
        #expect(error?.code == .notFound)
        #expect(try store.tables.row(table, .int64(1)) == nil)
        try merge(store, 1, at: 1)
    }

    // MARK: Failed writes

    @Test func afterAFailedWriteNothingIsWrittenUntilTheStoreIsRecovered() throws {
        let store = try TestStore(table)
        try merge(store, 1, at: 1)
        let generation = store.tables.generation
        store.tables.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"))
        let failed = #expect(throws: TablesError.self) { try merge(store, 1, at: 2) }
        #expect(failed?.code == .diskFull)
        #expect(failed?.description.contains("No space left on device") == true)
        let refused = #expect(throws: TablesError.self) { try merge(store, 1, at: 2) }
        #expect(refused?.code == .needsRecovery)
        #expect(try store.tables.row(table, .int64(1)) == [.int64(1), .null], "reads go on")

        try store.tables.recover()
        #expect(store.tables.generation == generation + 1)
        let stale = #expect(throws: TablesError.self) {
            try store.tables.commit(Checkpoint(generation: generation, merges: [], positions: [position(9)]))
        }
        #expect(stale?.code == .staleGeneration)
        #expect(
            try store.tables.positions(table: 1, version: 1)[PositionKey(category: 7, bucket: 0)]?.offset == 1)
        try merge(store, 1, at: 2)
        #expect(try store.tables.row(table, .int64(1)) == [.int64(2), .null])
    }

    @Test func recoveringAgainDoesNothing() throws {
        let store = try TestStore(table)
        let generation = store.tables.generation
        try store.tables.recover()
        #expect(store.tables.generation == generation)
        store.tables.failNextWrite(with: RocksDBError(.ioError, "gone"))
        #expect(throws: TablesError.self) { try merge(store, 1, at: 1) }
        try store.tables.recover()
        try store.tables.recover()
        #expect(store.tables.generation == generation + 1)
    }

    @Test func manyWritersRecoverOnceAndGoOn() async throws {
        let store = try TestStore(table)
        let tables = store.tables
        let table = table
        let merges = try tables.merges([(try Fixture.tuple(.int64(1)), Fixture.count(1))], table)
        tables.failNextWrite(with: RocksDBError(.ioError, "gone"))
        await withTaskGroup(of: Void.self) { group in
            for bucket in 0..<4 {
                group.addTask {
                    var applied: Int64 = 0
                    while applied < 50 {
                        let generation = tables.generation
                        let stored = (try? tables.positions(table: 1, version: 1)) ?? [:]
                        applied = stored[PositionKey(category: 7, bucket: bucket)]?.offset ?? applied
                        let next = StoredPosition(
                            table: 1, version: 1, category: 7, bucket: bucket, offset: applied + 1, appendTime: 0)
                        do {
                            try tables.commit(
                                Checkpoint(generation: generation, merges: [merges], positions: [next]))
                            applied += 1
                        } catch {
                            try? tables.recover()
                        }
                    }
                }
            }
        }
        #expect(tables.generation == 2)
        #expect(try tables.row(table, .int64(1)) == [.int64(200), .null])
    }

    @Test func aClosedStoreSaysSo() throws {
        let store = try TestStore(table)
        try store.tables.close()
        for attempt in [
            { try store.tables.recover() }, { _ = try store.tables.row(table, .int64(1)) },
            {
                try merge(store, 1, at: 1)
            },
        ] {
            let error = #expect(throws: TablesError.self) { try attempt() }
            #expect(error?.code == .unavailable)
        }
    }

    // MARK: What readers may know

    @Test func positionsArePublishedWithWhatTheyCoverAndToldOf() throws {
        let store = try TestStore(table)
        let told = Mutex(0)
        store.tables.onPositions { told.withLock { $0 += 1 } }
        let version = VersionID(table: 1, version: 1)
        #expect(store.tables.published(version).isEmpty)
        try store.tables.commit(
            Checkpoint(
                merges: [], positions: [position(10, appendTime: 500), position(20, bucket: 1, appendTime: 600)]))
        #expect(told.withLock { $0 } == 1)
        #expect(store.tables.published(version).values.map(\.offset).sorted() == [10, 20])
        store.tables.failNextWrite(with: RocksDBError(.ioError, "made to fail"))
        #expect(throws: TablesError.self) {
            try store.tables.commit(Checkpoint(merges: [], positions: [position(30, appendTime: 700)]))
        }
        #expect(store.tables.published(version).values.map(\.offset).max() == 20)
        try store.reopen()
        #expect(store.tables.published(version).values.map(\.offset).sorted() == [10, 20])
    }
}
