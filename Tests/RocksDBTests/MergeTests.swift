import RocksDB
import Testing

@Suite(.serialized) struct MergeTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func merge(_ operands: [String], key: String = "k", _ database: Database) throws {
        let family = try defaultFamily(database)
        for operand in operands {
            var batch = WriteBatch()
            batch.merge(bytes(key), bytes(operand), in: family)
            try database.write(batch, sync: false)
        }
    }

    @Test(arguments: [true, false])
    func operandsKeepTheirOrderThroughFlushCompactionAndReopening(mergesPartially: Bool) throws {
        let options = FamilyOptions(mergeOperator: Joining(mergesPartially: mergesPartially))
        var database = try openDatabase(at: directory.path, familyOptions: options)
        try merge(["1", "2"], database)
        try database.flush()
        try merge(["3", "4"], database)
        try database.flush()
        try merge(["5"], database)
        #expect(try database.text("k", in: defaultFamily(database)) == "1,2,3,4,5")
        try database.compact(defaultFamily(database))
        #expect(try database.text("k", in: defaultFamily(database)) == "1,2,3,4,5")
        try database.close()
        database = try openDatabase(at: directory.path, familyOptions: options)
        try merge(["6"], database)
        try database.flush()
        try database.put(["other": "x"], in: defaultFamily(database))
        #expect(try database.text("k", in: defaultFamily(database)) == "1,2,3,4,5,6")
    }

    @Test func operandsMeetTheValueThatStoodThere() throws {
        let database = try openDatabase(
            at: directory.path, familyOptions: FamilyOptions(mergeOperator: Joining()))
        try database.put(["k": "base"], in: defaultFamily(database))
        try database.flush()
        try merge(["1", "2"], database)
        #expect(try database.text("k", in: defaultFamily(database)) == "base,1,2")
        var batch = WriteBatch()
        batch.delete(bytes("k"), in: try defaultFamily(database))
        try database.write(batch, sync: false)
        try merge(["3"], database)
        #expect(try database.text("k", in: defaultFamily(database)) == "3")
    }

    @Test func iteratorsAndBatchedReadsMergeToo() throws {
        let database = try openDatabase(
            at: directory.path, familyOptions: FamilyOptions(mergeOperator: Joining()))
        let family = try defaultFamily(database)
        try merge(["1", "2"], database)
        try database.flush()
        try merge(["3"], database)
        let iterator = try database.iterator(in: family)
        try iterator.seekToFirst()
        #expect(text(iterator.value) == "1,2,3")
        let found = try bytes("k").withUnsafeBytes { key in
            try [1].withUnsafeBufferPointer { ends in
                try database.withValues(forKeys: key, ends: ends, in: family) { values in
                    values[0].map { text($0) }
                }
            }
        }
        #expect(found == "1,2,3")
    }

    @Test func aFamilyWithOperandsDoesNotReadWithoutTheirOperator() throws {
        var database = try openDatabase(
            at: directory.path, familyOptions: FamilyOptions(mergeOperator: Joining()))
        try merge(["1"], database)
        try database.flush()
        try database.close()
        database = try openDatabase(at: directory.path)
        let family = try defaultFamily(database)
        #expect(throws: RocksDBError.self) { try database.text("k", in: family) }
    }
}
