/// A part of a stripe's arena where entries go in at the head and leave at the tail, and none is split at the end.
struct HotRing {
    private let start: Int
    private let end: Int
    private(set) var head: Int
    private(set) var tail: Int
    /// What was skipped at the end counts.
    private(set) var usedBytes = 0

    init(_ bytes: Range<Int>) {
        start = bytes.lowerBound
        end = bytes.upperBound
        head = start
        tail = start
    }

    var capacity: Int { end - start }

    private func skippedBytes(before bytes: Int) -> Int {
        end - head < bytes ? end - head : 0
    }

    func hasRoom(for bytes: Int) -> Bool {
        usedBytes + skippedBytes(before: bytes) + bytes <= capacity
    }

    /// Gives room at the head, of which there must be enough.
    mutating func push(_ bytes: Int, in arena: UnsafeMutableRawPointer) -> Int {
        precondition(hasRoom(for: bytes))
        let skipped = skippedBytes(before: bytes)
        if skipped > 0 {
            HotEntry(at: arena + head).writeFiller()
            head = start
            usedBytes += skipped
        }
        let offset = head
        head += bytes
        if head == end { head = start }
        usedBytes += bytes
        return offset
    }

    mutating func popFiller() {
        usedBytes -= end - tail
        tail = start
    }

    mutating func pop(_ bytes: Int) {
        usedBytes -= bytes
        tail += bytes
        if tail == end { tail = start }
    }
}
