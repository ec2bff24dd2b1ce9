/// One server's protocol, as far as lookups go: a burst of keys becomes bytes, and bytes become answers that are checked.
///
/// The loop is specialised for each: nothing here is called through a table.
protocol LookupWire {
    /// What `write` needs at most for so many keys.
    func requestBytes(keys: Int) -> Int

    /// Writes the request or requests for the keys of a burst; returns the number of bytes.
    func write(_ burst: Burst, to target: UnsafeMutableRawPointer) -> Int

    /// Takes the answers that are whole; returns how many bytes those had.
    func take(_ bytes: UnsafeRawBufferPointer, _ burst: inout Burst) throws(DriveError) -> Int
}

/// How a burst is asked for.
enum LookupStyle: String, CaseIterable {
    /// One request a key, all of a burst in flight at once.
    case pipelined
    /// One request with all keys of the burst.
    case batched
}

/// The keys that one connection has asked for and what has come back.
struct Burst {
    let ids: UnsafeMutablePointer<UInt32>
    let count: Int
    var answered = 0
    /// Of an answer to many keys, the values that are yet to come.
    var expectedValues = 0
    var comparedValues = 0

    init(count: Int) {
        self.count = count
        ids = .allocate(capacity: count)
    }

    var isAnswered: Bool { answered == count }

    /// Counts one value, and compares some of them byte by byte: all would cost more than they cost to serve.
    @inline(__always)
    mutating func take(_ value: UnsafeRawPointer, length: Int, at index: Int) throws(DriveError) {
        guard length == Row.valueBytes, index < count else {
            throw DriveError("an answer has a value of \(length) bytes, or is one too many")
        }
        answered += 1
        if ids[index] & 63 == 0 { try compare(value, ids[index]) }
    }

    private mutating func compare(_ value: UnsafeRawPointer, _ id: UInt32) throws(DriveError) {
        guard Row.isValue(value, of: id) else { throw DriveError("the value of row \(id) is another one's") }
        comparedValues += 1
    }
}
