import Foundation
import RocksDB
import Testing

/// A directory of its own for each test, gone when the test is.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "maser-rocksdb-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

func openDatabase(
    at path: String, options: DatabaseOptions = DatabaseOptions(blockCacheBytes: 8 << 20, writeBufferBytes: 4 << 20),
    familyOptions: FamilyOptions = FamilyOptions()
) throws(RocksDBError) -> Database {
    try Database.open(at: path, options: options) { _ in familyOptions }
}

func defaultFamily(_ database: Database) throws -> Family {
    try #require(database.family(named: "default"))
}

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

extension Database {
    func put(_ rows: KeyValuePairs<String, String>, in family: Family, sync: Bool = false) throws(RocksDBError) {
        var batch = WriteBatch()
        for (key, value) in rows { batch.put(bytes(key), bytes(value), in: family) }
        try write(batch, sync: sync)
    }

    func text(_ key: String, in family: Family, snapshot: Snapshot? = nil) throws(RocksDBError) -> String? {
        try value(forKey: bytes(key), in: family, snapshot: snapshot).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Appends its operands to the value with a comma in between, and so shows their order.
struct Joining: MergeOperator {
    var name = "joining"
    var mergesPartially = true

    func merge(
        key: UnsafeRawBufferPointer, existing: UnsafeRawBufferPointer?,
        operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8]
    ) {
        if let existing { result.append(contentsOf: existing) }
        for operand in operands {
            if !result.isEmpty { result.append(UInt8(ascii: ",")) }
            result.append(contentsOf: operand)
        }
    }

    func partialMerge(
        key: UnsafeRawBufferPointer, operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8]
    ) -> Bool {
        guard mergesPartially else { return false }
        merge(key: key, existing: nil, operands: operands, into: &result)
        return true
    }
}
