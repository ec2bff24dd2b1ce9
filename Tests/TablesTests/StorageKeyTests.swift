import Bytes
import Records
import Tables
import Testing

@Suite struct StorageKeyTests {
    private let key = StorageKey(shardCount: 64, shardColumnCount: 2)

    @Test func rowsThatShareTheShardColumnsShareTheShard() throws {
        var tuples = ByteStrings()
        for index in 0..<50 { tuples.append(try Fixture.tuple(.string("a\0b"), .null, .int64(Int64(index)))) }
        var keys = ByteStrings()
        try key.encode(tuples, into: &keys)
        #expect(Set((0..<50).map { Array(keys[$0].prefix(2)) }).count == 1)
        for index in 0..<50 {
            let tuple = keys[index].withUnsafeBytes { [UInt8](StorageKey.tuple(of: $0)) }
            #expect(tuple == [UInt8](tuples[index]))
        }
    }

    @Test func shardsAreFilledIntoKeysThatWereEncodedColumnWise() throws {
        let columns = [
            Column(type: .string, values: [.string("EWR"), .null, .string("")]),
            Column(type: .int64, values: [.int64(-1), .int64(0), .int64(.max)]),
            Column(type: .timestamp, values: [.timestamp(5), .timestamp(6), .timestamp(7)]),
        ]
        var encoded = encodeKeys(columns, count: 3, leading: 2, reserved: StorageKey.shardBytes)
        key.fillShards(of: &encoded)
        var tuples = ByteStrings()
        for row in 0..<3 { tuples.append(try Fixture.tuple(columns.map { $0.value(at: row) })) }
        var keys = ByteStrings()
        try key.encode(tuples, into: &keys)
        #expect(encoded.keys.arena == keys.arena)
        #expect(encoded.keys.ends == keys.ends)
    }

    @Test func aTupleThatIsTooShortIsRefused() {
        var keys = ByteStrings()
        #expect(throws: BytesError.self) { try key.encode(ByteStrings(arena: [0x14], ends: [1]), into: &keys) }
    }

    @Test func aTableWithoutShardColumnsHasOneShard() throws {
        let key = StorageKey(shardCount: 64, shardColumnCount: 0)
        var keys = ByteStrings()
        var tuples = ByteStrings()
        for index in 0..<20 as Range<Int64> { tuples.append(try Fixture.tuple(.timestamp(index))) }
        try key.encode(tuples, into: &keys)
        #expect(Set((0..<20).map { Array(keys[$0].prefix(2)) }).count == 1)
    }
}
