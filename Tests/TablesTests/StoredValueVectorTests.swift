import Bytes
import Foundation
import Records
import Testing

@testable import Tables

/// Protocols/vectors/stored-values.json, which was computed outside Maser.
@Suite struct StoredValueVectorTests {
    struct Vectors: Decodable {
        struct Key: Decodable {
            var tuple: String
            var shardColumns: Int
            var shardCount: Int
            var key: String
        }

        struct Merge: Decodable {
            var note: String
            var existing: String?
            var operands: [String]
            var value: String
            var setAside: Int
        }

        var keys: [Key]
        var merges: [Merge]
    }

    private let vectors: Vectors

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Protocols/vectors/stored-values.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        vectors = try decoder.decode(Vectors.self, from: Data(contentsOf: file))
    }

    @Test func shardsAreThoseOfTheVectors() throws {
        for vector in vectors.keys {
            let key = StorageKey(shardCount: vector.shardCount, shardColumnCount: vector.shardColumns)
            let tuple = bytes(vector.tuple)
            var keys = ByteStrings()
            try key.encode(ByteStrings(arena: tuple, ends: [tuple.count]), into: &keys)
            #expect(keys.arena == bytes(vector.key))
        }
        #expect(vectors.keys.count == 5)
    }

    @Test func valuesMergeAsInTheVectors() {
        for vector in vectors.merges {
            let merger = StateMergeOperator()
            let result = merger.merge(vector.existing.map(bytes), vector.operands.map(bytes))
            #expect(result == bytes(vector.value), "\(vector.note)")
            #expect(merger.undecodableOperands == vector.setAside, "\(vector.note)")
        }
        #expect(vectors.merges.count == 15)
    }

    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }
}
