internal import Glibc

/// The rows that both servers hold, made from their number: a key as redis-benchmark writes it, `key:000000000042`, and 100 bytes that no
/// compression makes smaller by much.
enum Row {
    static let keyBytes = 16
    static let valueBytes = 100

    /// Value bytes have 6 bits each, and need no quotes in CSV.
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_".utf8)

    static func writeValue(of id: UInt32, to target: UnsafeMutableRawPointer) {
        var random = SplitMix64(state: UInt64(id) &+ 1)
        alphabet.withUnsafeBufferPointer { alphabet in
            for start in stride(from: 0, to: valueBytes, by: 10) {
                var bits = random.next()
                for offset in start..<start + 10 {
                    target.storeBytes(of: alphabet[Int(bits & 63)], toByteOffset: offset, as: UInt8.self)
                    bits >>= 6
                }
            }
        }
    }

    static func isValue(_ value: UnsafeRawPointer, of id: UInt32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: valueBytes, alignment: 1) { expected in
            guard let base = expected.baseAddress else { return false }
            writeValue(of: id, to: base)
            return memcmp(base, value, valueBytes) == 0
        }
    }
}

/// Writes keys: three digits at a time out of a table that stays in the first cache, so that a key costs a few nanoseconds.
struct KeyWriter {
    /// Four bytes each: three digits, and one that the next group overwrites.
    private let groups: UnsafeMutablePointer<UInt32>

    /// It lives as long as the process.
    init() {
        groups = .allocate(capacity: 1000)
        for number in 0..<1000 {
            let digits = [number / 100, number / 10 % 10, number % 10].map { UInt32(48 + $0) }
            groups[number] = (digits[0] | digits[1] << 8 | digits[2] << 16).littleEndian
        }
    }

    /// Writes 16 bytes, and one more that is the caller's to overwrite.
    @inline(__always)
    func write(_ id: UInt32, to target: UnsafeMutableRawPointer) {
        let millions = id / 1_000_000
        let low = id % 1_000_000
        target.storeBytes(of: Self.prefix, as: UInt32.self)
        target.storeBytes(of: groups[Int(millions / 1000)], toByteOffset: 4, as: UInt32.self)
        target.storeBytes(of: groups[Int(millions % 1000)], toByteOffset: 7, as: UInt32.self)
        target.storeBytes(of: groups[Int(low / 1000)], toByteOffset: 10, as: UInt32.self)
        target.storeBytes(of: groups[Int(low % 1000)], toByteOffset: 13, as: UInt32.self)
    }

    private static let prefix = UInt32(littleEndian: 0x3a79_656b)  // "key:"
}

struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// From 0 up to 1.
    mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
