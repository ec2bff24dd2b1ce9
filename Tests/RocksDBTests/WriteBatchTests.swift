import RocksDB
import Testing

@Suite struct WriteBatchTests {
    let directory: TemporaryDirectory
    let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        database = try openDatabase(at: directory.path, familyOptions: FamilyOptions(mergeOperator: Joining()))
    }

    @Test func aBatchAppliesInOrderAcrossFamilies() throws {
        let main = try defaultFamily(database)
        let other = try database.createFamily("other", options: FamilyOptions())
        var batch = WriteBatch()
        batch.put(bytes("a"), bytes("1"), in: main)
        batch.put(bytes("b"), bytes("2"), in: main)
        batch.delete(bytes("a"), in: main)
        batch.put(bytes("a"), bytes("3"), in: other)
        #expect(batch.count == 4)
        #expect(batch.byteCount > 12)
        try database.write(batch, sync: true)
        #expect(try database.text("a", in: main) == nil)
        #expect(try database.text("b", in: main) == "2")
        #expect(try database.text("a", in: other) == "3")
    }

    @Test func rowsOfADroppedFamilyGoWithItAndTheOthersStay() throws {
        let main = try defaultFamily(database)
        let dropped = try database.createFamily("dropped", options: FamilyOptions())
        var batch = WriteBatch()
        batch.put(bytes("a"), bytes("1"), in: main)
        batch.put(bytes("a"), bytes("1"), in: dropped)
        batch.put(bytes("b"), bytes("2"), in: main)
        try database.dropFamily(dropped)
        try database.write(batch, sync: false)
        #expect(try database.text("a", in: main) == "1")
        #expect(try database.text("b", in: main) == "2")
        #expect(try database.text("a", in: dropped) == nil)
    }

    @Test func aClearedBatchWritesNothing() throws {
        let main = try defaultFamily(database)
        var batch = WriteBatch()
        batch.put(bytes("a"), bytes("1"), in: main)
        batch.clear()
        #expect(batch.count == 0)
        try database.write(batch, sync: false)
        #expect(try database.text("a", in: main) == nil)
    }

    @Test func aRangeIsDeletedWithoutItsEnd() throws {
        let main = try defaultFamily(database)
        try database.put(["a": "1", "b": "2", "c": "3", "d": "4"], in: main)
        var batch = WriteBatch()
        batch.deleteRange(from: bytes("b"), to: bytes("d"), in: main)
        try database.write(batch, sync: false)
        #expect(try ["a", "b", "c", "d"].map { try database.text($0, in: main) } == ["1", nil, nil, "4"])
    }

    @Test func emptyKeysAndValuesAreValues() throws {
        let main = try defaultFamily(database)
        var batch = WriteBatch()
        batch.put([], bytes("empty key"), in: main)
        batch.put(bytes("empty value"), [], in: main)
        batch.merge(bytes("empty operand"), [], in: main)
        try database.write(batch, sync: false)
        #expect(try database.text("", in: main) == "empty key")
        #expect(try database.text("empty value", in: main) == "")
        #expect(try database.text("empty operand", in: main) == "")
    }

    @Test func aFamilyThatIsFilledInOrderTakesAnyOrder() throws {
        let family = try database.createFamily(
            "ordered", options: FamilyOptions(mergeOperator: Joining(), isFilledInOrder: true, memtableBytes: 64 << 10))
        let numbers = Array(1000..<3000)
        for round in 0..<6 {
            var batch = WriteBatch()
            // Ascending, descending, and all over the place.
            let ordered = round % 3 == 0 ? numbers : round % 3 == 1 ? numbers.reversed() : numbers.shuffled()
            for number in ordered { batch.merge(bytes("\(number)"), bytes("\(round)"), in: family) }
            try database.write(batch, sync: false)
        }
        let iterator = try database.iterator(in: family)
        try iterator.seekToFirst()
        for number in numbers {
            #expect(iterator.isValid)
            #expect(String(decoding: iterator.key, as: UTF8.self) == "\(number)")
            #expect(String(decoding: iterator.value, as: UTF8.self) == "0,1,2,3,4,5")
            try iterator.next()
        }
        #expect(!iterator.isValid)
    }

    @Test func writersSideBySideFillInOrderToo() async throws {
        let family = try database.createFamily(
            "ordered", options: FamilyOptions(mergeOperator: Joining(), isFilledInOrder: true))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask { [database] in
                    for i in 0..<300 {
                        var batch = WriteBatch()
                        // Batches without merges are inserted side by side.
                        for j in 0..<5 { batch.put(bytes("\(j)/\(writer)/\(i)"), bytes("x"), in: family) }
                        if i % 3 == 0 { batch.merge(bytes("merged"), bytes("m"), in: family) }
                        try database.write(batch, sync: false)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try database.text("merged", in: family)?.count == 2 * 400 - 1)
        let iterator = try database.iterator(in: family)
        try iterator.seekToFirst()
        var keys: [String] = []
        while iterator.isValid {
            keys.append(String(decoding: iterator.key, as: UTF8.self))
            try iterator.next()
        }
        #expect(keys.count == 4 * 300 * 5 + 1)
        #expect(keys == keys.sorted())
    }

    @Test func rowsOfArenasAreMergedInTheOrderGiven() throws {
        let main = try defaultFamily(database)
        var batch = WriteBatch()
        func merge(_ keys: String, _ keyEnds: [Int], _ operands: String, _ operandEnds: [Int], _ order: [Int]) {
            bytes(keys).withUnsafeBytes { keys in
                bytes(operands).withUnsafeBytes { operands in
                    keyEnds.withUnsafeBufferPointer { keyEnds in
                        operandEnds.withUnsafeBufferPointer { operandEnds in
                            order.withUnsafeBufferPointer {
                                batch.merge(
                                    keys: keys, ends: keyEnds, operands: operands, ends: operandEnds, order: $0,
                                    in: main)
                            }
                        }
                    }
                }
            }
        }
        merge("", [], "", [], [])
        #expect(batch.count == 0)
        merge("bab", [1, 2, 3], "xyz", [1, 2, 3], [1, 2, 0])
        merge("", [0], "later", [5], [0])
        #expect(batch.count == 4)
        try database.write(batch, sync: false)
        #expect(try database.text("a", in: main) == "y")
        #expect(try database.text("b", in: main) == "z,x")
        #expect(try database.text("", in: main) == "later")
    }

    @Test func manyWritersWithSmallMemtablesLoseNothing() async throws {
        let family = try database.createFamily("small", options: FamilyOptions(memtableBytes: 64 << 10))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask { [database] in
                    for i in 0..<200 {
                        var batch = WriteBatch()
                        batch.put(bytes("\(writer)/\(i)"), [UInt8](repeating: 1, count: 2000), in: family)
                        try database.write(batch, sync: i % 10 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        let iterator = try database.iterator(in: family)
        try iterator.seekToFirst()
        var count = 0
        while iterator.isValid {
            count += 1
            try iterator.next()
        }
        #expect(count == 800)
    }
}
