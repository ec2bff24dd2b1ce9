import RocksDB
import Testing

@Suite struct ReadingTests {
    let directory: TemporaryDirectory
    let database: Database
    let family: Family

    init() throws {
        directory = try TemporaryDirectory()
        database = try openDatabase(at: directory.path)
        family = try defaultFamily(database)
    }

    private func getMany(_ keys: [String], snapshot: Snapshot? = nil) throws -> [String?] {
        let arena = bytes(keys.joined())
        var ends: [Int] = []
        for key in keys { ends.append((ends.last ?? 0) + key.utf8.count) }
        return try arena.withUnsafeBytes { arena in
            try ends.withUnsafeBufferPointer { ends in
                try database.withValues(
                    forKeys: arena, ends: ends, in: family, snapshot: snapshot
                ) { values in
                    (0..<values.count).map { index in values[index].map { text($0) } }
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func aBatchedReadAnswersWhatSingleReadsDo(flushed: Bool) throws {
        var batch = WriteBatch()
        for i in stride(from: 0, to: 3000, by: 2) {
            batch.put(bytes("key\(i)"), bytes(i % 10 == 0 ? "" : "value \(i)"), in: family)
        }
        try database.write(batch, sync: false)
        if flushed { try database.flush(family) }
        for i in stride(from: 1, to: 100, by: 20) { try database.put(["key\(i)": "newer"], in: family) }
        var keys = (0..<500).map { "key\($0 &* 7919 % 3000)" } + ["", "key0", "key0"]
        let singles = try keys.map { try database.text($0, in: family) }
        #expect(try getMany(keys) == singles)
        #expect(singles.contains(nil) && singles.contains("") && singles.contains("newer"))
        keys.sort { bytes($0).lexicographicallyPrecedes(bytes($1)) }
        let sortedSingles = try keys.map { try database.text($0, in: family) }
        #expect(try getMany(keys) == sortedSingles)
    }

    @Test func aBatchedReadOfNothingAnswersNothing() throws {
        #expect(try getMany([]) == [])
    }

    @Test func aValueIsLentAndAnErrorOfTheBorrowerPasses() throws {
        struct Refused: Error {}
        try database.put(["a": "1"], in: family)
        func read<R>(_ key: String, _ body: (UnsafeRawBufferPointer?) throws -> R) throws -> R {
            try bytes(key).withUnsafeBytes { key throws -> R in
                try database.withValue(forKey: key, in: family, body)
            }
        }
        #expect(try read("a") { $0?.count } == 1)
        #expect(try read("b") { $0 == nil })
        #expect(throws: Refused.self) { try read("a") { _ in throw Refused() } }
    }

    @Test func aSnapshotSeesWhatStoodWhenItWasTaken() throws {
        try database.put(["a": "1"], in: family)
        let snapshot = try database.snapshot()
        try database.put(["a": "2", "b": "3"], in: family)
        #expect(try database.text("a", in: family, snapshot: snapshot) == "1")
        #expect(try getMany(["a", "b"], snapshot: snapshot) == ["1", nil])
        let iterator = try database.iterator(in: family, snapshot: snapshot)
        #expect(try rows(iterator) == ["a=1"])
        #expect(try rows(database.iterator(in: family)) == ["a=2", "b=3"])
    }

    @Test func anIteratorStaysBetweenItsBounds() throws {
        try database.put(["a": "1", "b": "2", "c": "3", "d": "4", "e": "5"], in: family)
        let iterator = try database.iterator(in: family, lowerBound: bytes("b"), upperBound: bytes("d"))
        #expect(try rows(iterator) == ["b=2", "c=3"])
        try iterator.seekToLast()
        #expect(text(iterator.key) == "c")
        try iterator.previous()
        #expect(text(iterator.key) == "b")
        try iterator.previous()
        #expect(!iterator.isValid)
        try iterator.seek(to: bytes("a"))
        #expect(text(iterator.key) == "b")
        try iterator.seek(to: bytes("d"))
        #expect(!iterator.isValid)
        try iterator.seekForPrevious(to: bytes("bb"))
        #expect(text(iterator.key) == "b")
        try iterator.seekForPrevious(to: bytes("z"))
        #expect(text(iterator.key) == "c")
    }

    @Test func anEmptyLowerBoundIsABoundAndAnEmptyUpperBoundEndsAll() throws {
        try database.put(["a": "1"], in: family)
        #expect(try rows(database.iterator(in: family, lowerBound: [])) == ["a=1"])
        #expect(try rows(database.iterator(in: family, upperBound: [])) == [])
    }

    private func rows(_ iterator: RowIterator) throws -> [String] {
        var rows: [String] = []
        try iterator.seekToFirst()
        while iterator.isValid {
            rows.append("\(text(iterator.key))=\(text(iterator.value))")
            try iterator.next()
        }
        return rows
    }
}
