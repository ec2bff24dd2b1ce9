internal import Bytes
internal import Records
internal import Synchronization

// A lookup waits for memory three times: for the index, for the row, for where its answer goes. So some keys go together: the index's
// lines are asked for, then the rows that they lead to, and only then is anything read.

extension HotRowCache {
    /// More would push out of the nearest cache what the first ones asked for.
    private static let keysAtOnce = 32
    /// A reader that meets a writer that often asks RocksDB.
    private static let attempts = 64
    /// At least, when rows need more room.
    private static let leastRoom = 4096

    /// Appends a row for each key; for one that is not here an empty one, and its index to `missed`.
    func find(
        _ keys: ByteStrings, hashes: UnsafeBufferPointer<UInt64>, space: UInt32, revision: UInt32,
        into rows: inout RowMessages, missed: inout [Int]
    ) {
        precondition(hashes.count >= keys.count)
        var ends: [Int] = []
        var isPresent: [Bool] = []
        swap(&ends, &rows.messages.ends)
        swap(&isPresent, &rows.isPresent)
        keys.arena.withUnsafeBytes { arena in
            var start = 0
            while start < keys.count {
                let end = min(start + Self.keysAtOnce, keys.count)
                for index in start..<end { prefetchBucket(hashes[index]) }
                for index in start..<end { prefetchEntry(hashes[index]) }
                var next = start
                var room = 0
                while next < end {
                    let free = rows.messages.arena.capacity - rows.messages.arena.count
                    rows.messages.arena.append(addingCapacity: max(free, room)) { span in
                        span.withUnsafeMutableBufferPointer { buffer, count in
                            let base = UnsafeMutableRawPointer(buffer.baseAddress)
                            let offset = ends.last ?? 0
                            var written = 0
                            while next < end {
                                let key = HotKey(
                                    hash: hashes[next], space: space,
                                    bytes: UnsafeRawBufferPointer(rebasing: arena[keys.range(at: next)]))
                                let found = copy(
                                    key, revision: revision, to: base.map { $0 + written }, room: buffer.count - written
                                )
                                switch found {
                                case .row(let bytes):
                                    written += bytes
                                    isPresent.append(true)
                                case .absent: isPresent.append(false)
                                case .missed:
                                    isPresent.append(false)
                                    missed.append(next)
                                case .needsRoom(let bytes):
                                    room = max(bytes, Self.leastRoom)
                                    count = written
                                    return
                                }
                                ends.append(offset + written)
                                next += 1
                            }
                            count = written
                        }
                    }
                }
                start = end
            }
        }
        swap(&ends, &rows.messages.ends)
        swap(&isPresent, &rows.isPresent)
    }

    private enum Found {
        /// Its message has so many bytes.
        case row(Int)
        case absent
        case missed
        case needsRoom(Int)
    }

    @inline(__always)
    private func prefetchBucket(_ hash: UInt64) {
        let stripe = stripe(hash)
        prefetch(stripe.pointee.bucket(stripe.pointee.bucketIndex(hash)).base)
    }

    @inline(__always)
    private func prefetchEntry(_ hash: UInt64) {
        let stripe = stripe(hash)
        let bucket = stripe.pointee.bucket(stripe.pointee.bucketIndex(hash))
        var slots = bucket.slots(tagged: UInt16(truncatingIfNeeded: hash))
        guard let slot = slots.next() else { return }
        let place = bucket.place(slot)
        if place == 0 { return }
        let entry = stripe.pointee.entry(at: place)
        prefetch(entry.base)
        prefetch(entry.base + 64)
    }

    @inline(__always)
    private func copy(
        _ key: HotKey, revision: UInt32, to target: UnsafeMutableRawPointer?, room: Int
    ) -> Found {
        let stripe = stripe(key.hash)
        let bucket = stripe.pointee.bucket(stripe.pointee.bucketIndex(key.hash))
        for _ in 0..<Self.attempts {
            let before = stripe.pointee.sequence.load(ordering: .acquiring)
            if before & 1 == 1 { continue }
            var found = Found.missed
            var slots = bucket.slots(tagged: key.tag)
            while let slot = slots.next() {
                let place = bucket.place(slot)
                if place == 0 { continue }
                let entry = stripe.pointee.entry(at: place)
                let shape = entry.shape
                guard entry.space == key.space, shape.keyBytes == key.bytes.count, shape.revision == revision,
                    HotStripe.offset(of: place) + shape.bytes <= stripe.pointee.arenaBytes, entry.hasKey(key.bytes)
                else { continue }
                bucket.addHit(slot)
                if !shape.isPresent {
                    found = .absent
                } else if shape.messageBytes <= room {
                    target?.copyMemory(from: entry.key + shape.keyBytes, byteCount: shape.messageBytes)
                    found = .row(shape.messageBytes)
                } else {
                    found = .needsRoom(shape.messageBytes)
                }
                break
            }
            // What was read above counts only where nobody wrote meanwhile.
            atomicMemoryFence(ordering: .acquiring)
            if stripe.pointee.sequence.load(ordering: .relaxed) == before { return found }
        }
        return .missed
    }
}
