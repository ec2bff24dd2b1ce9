import Bytes
import Records

@testable import Tables

/// The cache by single rows, as tests ask for them.
extension HotRowCache {
    enum Kept: Hashable {
        case row([UInt8])
        case absent
        case nothing
    }

    func hash(of key: [UInt8], _ space: UInt32) -> UInt64 {
        hash(xxh3(key), space: space)
    }

    func kept(_ key: [UInt8], space: UInt32 = 1, revision: UInt32 = 1) -> Kept {
        kept([key], space: space, revision: revision)[0]
    }

    func kept(_ keys: [[UInt8]], space: UInt32 = 1, revision: UInt32 = 1) -> [Kept] {
        var strings = ByteStrings()
        for key in keys { strings.append(key) }
        var rows = RowMessages()
        var missed: [Int] = []
        keys.map { hash(of: $0, space) }.withUnsafeBufferPointer { hashes in
            find(strings, hashes: hashes, space: space, revision: revision, into: &rows, missed: &missed)
        }
        var next = 0
        return keys.indices.map { index in
            if next < missed.count, missed[next] == index {
                next += 1
                return .nothing
            }
            return rows[index].map { .row([UInt8]($0)) } ?? .absent
        }
    }

    func note(_ key: [UInt8], space: UInt32 = 1) -> UInt64 {
        noteWrites(hash(of: key, space))
    }

    func fill(_ key: [UInt8], _ message: [UInt8]?, space: UInt32 = 1, revision: UInt32 = 1, noted: UInt64? = nil) {
        key.withUnsafeBytes { bytes in
            let hotKey = HotKey(hash: hash(of: key, space), space: space, bytes: bytes)
            let noted = noted ?? note(key, space: space)
            if let message {
                message.withUnsafeBytes { fill(hotKey, revision: revision, message: $0, noted: noted) }
            } else {
                fill(hotKey, revision: revision, message: nil, noted: noted)
            }
        }
    }

    /// As a commit does, which knows storage keys.
    func write(_ keys: [[UInt8]], space: UInt32 = 1) {
        var strings = ByteStrings()
        for key in keys { strings.append([0, 0] + key) }
        invalidate(strings, space: space)
    }
}
