import RocksDB
import Testing

@Suite struct FamilyTests {
    let directory: TemporaryDirectory
    let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        database = try openDatabase(at: directory.path)
    }

    @Test func familiesAreFoundAgainAfterReopening() throws {
        let family = try database.createFamily("t1.v1", options: FamilyOptions())
        try database.put(["a": "1"], in: family)
        try database.close()
        var asked: [String] = []
        let reopened = try Database.open(at: directory.path, options: DatabaseOptions()) { name in
            asked.append(name)
            return FamilyOptions()
        }
        #expect(asked.sorted() == ["default", "t1.v1"])
        #expect(reopened.families.map(\.name) == ["default", "t1.v1"])
        let found = try #require(reopened.family(named: "t1.v1"))
        #expect(try reopened.text("a", in: found) == "1")
    }

    @Test func familiesKeepTheirRowsApart() throws {
        let other = try database.createFamily("other", options: FamilyOptions())
        try database.put(["a": "1"], in: other)
        #expect(try database.text("a", in: defaultFamily(database)) == nil)
    }

    @Test func aNameIsTakenOnce() throws {
        _ = try database.createFamily("other", options: FamilyOptions())
        let error = #expect(throws: RocksDBError.self) {
            try database.createFamily("other", options: FamilyOptions())
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("already exists") == true)
    }

    @Test func aDroppedFamilyStaysReadableWhileItIsHeld() throws {
        let family = try database.createFamily("other", options: FamilyOptions())
        try database.put(["a": "1"], in: family)
        try database.dropFamily(family)
        #expect(database.family(named: "other") == nil)
        #expect(try database.text("a", in: family) == "1")
        let again = try database.createFamily("other", options: FamilyOptions())
        #expect(try database.text("a", in: again) == nil)
        #expect(try database.text("a", in: family) == "1")
    }

    @Test func anUncompactedFamilyKeepsItsFilesAsTheyWereFlushed() throws {
        let family = try database.createFamily("log", options: FamilyOptions(isCompacted: false))
        for i in 0..<8 {
            try database.put(["\(i)": "row"], in: family)
            try database.flush(family)
        }
        #expect(try database.property("rocksdb.num-files-at-level0", in: family) == "8")
        #expect(try database.text("3", in: family) == "row")
    }

    @Test func propertiesAnswerByName() throws {
        let family = try defaultFamily(database)
        try database.put(["a": "1", "b": "2"], in: family)
        #expect(try database.integerProperty("rocksdb.estimate-num-keys", in: family) == 2)
        #expect(try database.property("rocksdb.stats", in: family) != nil)
        #expect(try database.property("rocksdb.no-such-thing", in: family) == nil)
        #expect(try database.integerProperty("rocksdb.no-such-thing", in: family) == nil)
        #expect(database.memtableBytes > 0)
        #expect(database.cachedBytes >= database.memtableBytes)
    }
}
