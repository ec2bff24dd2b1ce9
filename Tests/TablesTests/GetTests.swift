import Bytes
import Records
import RocksDB
import Tables
import Testing

@Suite struct GetTests {
    @Test func rowsComeInTheOrderOfTheKeysAndAbsentOnesSaySo() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        try store.tables.merge([(try Fixture.tuple(.int64(5)), Fixture.count(2, max: -1))], into: table)
        let keys = try [Value.int64(4), .int64(5), .null, .int64(5)].map { try Fixture.tuple($0) }
        let rows = try store.tables.get(table, keys: keys)
        #expect(rows.isPresent == [false, true, false, true])
        #expect(rows[0] == nil)
        #expect(try rows[3].map { try table.values(of: [UInt8]($0)) } == [.int64(2), .int64(-1)])
    }

    /// One large row, asked for again and again, is much from little.
    @Test func rowsThatAreTooMuchTogetherAreRefusedBeforeTheyAreCopied() throws {
        let table = Fixture.aircraft()
        let store = try TestStore(table)
        let key = try Fixture.tuple(.string("N1"))
        let name = String(repeating: "x", count: 1 << 20)
        try store.tables.merge([(key, Fixture.plane(name, .log(eventTime: 0, bucket: 0, offset: 0)))], into: table)
        let error = #expect(throws: TablesError.self) {
            try store.tables.get(table, keys: [[UInt8]](repeating: key, count: 100))
        }
        #expect(error?.code == .limitExceeded)
        #expect(try store.tables.get(table, keys: [[UInt8]](repeating: key, count: 10)).count == 10)
    }

    @Test func noKeysGiveNoRows() throws {
        let store = try TestStore(Fixture.counts())
        #expect(try store.tables.get(Fixture.counts(), keys: [[UInt8]]()).count == 0)
    }

    @Test func storedMessagesThatArePresentedAsTheyAreComeAsBytes() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        try store.tables.merge([(try Fixture.tuple(.int64(1)), Fixture.count(2, max: 3))], into: table)
        let rows = try store.tables.get(table, keys: [Fixture.tuple(.int64(1))])
        #expect(rows[0].map { [UInt8]($0) } == [0x08, 2, 0x10, 3])
    }

    @Test func columnsAreComputedFromPresentedAggregates() throws {
        let table = Fixture.delays()
        let store = try TestStore(table)
        let ua = try Fixture.tuple(.string("UA"), .timestamp(10))
        let nk = try Fixture.tuple(.string("NK"), .timestamp(10))
        try store.tables.merge(
            [(ua, Fixture.delay(3, y: "b", at: 2)), (ua, Fixture.delay(4, y: "a", at: 1)), (nk, Fixture.delay(1))],
            into: table)
        let expected: [Value] = [.int64(2), .double(3.5), .int64(4), .string("b")]
        #expect(try store.tables.row(table, .string("UA"), .timestamp(10)) == expected)
        #expect(
            try store.tables.row(table, .string("NK"), .timestamp(10)) == [.int64(1), .double(1), .int64(2), .null])
        #expect(try store.tables.row(table, .string("UA"), .timestamp(20)) == nil)
    }

    @Test func upsertsAnswerWithoutWhatDecidedBetweenThem() throws {
        let table = Fixture.aircraft()
        let store = try TestStore(table)
        let key = try Fixture.tuple(.string("N1"))
        try store.tables.merge([(key, Fixture.plane("UA", .log(eventTime: 5, bucket: 1, offset: 7)))], into: table)
        try store.tables.merge([(key, Fixture.plane("AA", .log(eventTime: 4, bucket: 1, offset: 8)))], into: table)
        let rows = try store.tables.get(table, keys: [key])
        #expect(rows[0].map { [UInt8]($0) } == [0x0a, 2, 0x55, 0x41])
    }

    @Test func aTombstoneIsAnAbsentRowAndARowOfNullsIsNot() throws {
        let table = Fixture.aircraft()
        let store = try TestStore(table)
        let (gone, empty) = (try Fixture.tuple(.string("gone")), try Fixture.tuple(.string("empty")))
        try store.tables.merge(
            [
                (gone, Fixture.plane("UA", .log(eventTime: 1, bucket: 0, offset: 1))),
                (gone, Fixture.plane(nil, .log(eventTime: 2, bucket: 0, offset: 2), isDeleted: true)),
                (empty, Fixture.plane(nil, .log(eventTime: 2, bucket: 0, offset: 3))),
            ], into: table)
        let rows = try store.tables.get(table, keys: [gone, empty])
        #expect(rows.isPresent == [false, true])
        #expect(rows[1].map { [UInt8]($0) } == [])
    }

    @Test func aKeyThatDoesNotFitNamesTheColumn() throws {
        let table = Fixture.delays()
        let store = try TestStore(table)
        func message(_ key: [UInt8]) -> String? {
            let error = #expect(throws: TablesError.self) { try store.tables.get(table, keys: [key]) }
            #expect(error?.code == .wrongKey)
            return error?.description
        }
        #expect(
            message(try Fixture.tuple(.int64(1), .timestamp(1)))?.contains("carrier of table delays is STRING") == true)
        #expect(message(try Fixture.tuple(.string("UA")))?.contains("(carrier, window_start)") == true)
        #expect(message(try Fixture.tuple(.string("UA"), .timestamp(1), .null))?.contains("no more than 2") == true)
        #expect(message([0x02, 0x41])?.contains("carrier") == true)
        #expect(message([])?.contains("carrier") == true)
    }

    @Test func aStoredValueThatCannotBeReadIsCorruptionAndNotAnAbsentRow() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        let key = try Fixture.tuple(.int64(1))
        let storageKey = try store.tables.merges([(key, [])], table).keys.arena
        try store.withDatabase { database in
            let family = try #require(database.family(named: "t1.v1"))
            var batch = WriteBatch()
            batch.put(storageKey, [9, 9, 9], in: family)
            try database.write(batch, sync: true)
        }
        let error = #expect(throws: TablesError.self) { try store.tables.get(table, keys: [key]) }
        #expect(error?.code == .corruption)
    }

    @Test func anOperandThatCannotBeReadIsCountedAndTheRowStays() throws {
        let table = Fixture.counts()
        let store = try TestStore(table)
        let key = try Fixture.tuple(.int64(1))
        try store.tables.merge([(key, Fixture.count(2)), (key, [7, 7]), (key, Fixture.count(1))], into: table)
        #expect(try store.tables.row(table, .int64(1)) == [.int64(3), .null])
        #expect(store.tables.undecodableOperands == 1)
        let other = try Fixture.tuple(.int64(2))
        try store.tables.merge([(other, [7, 7])], into: table)
        #expect(try store.tables.row(table, .int64(2)) == nil)
    }
}
