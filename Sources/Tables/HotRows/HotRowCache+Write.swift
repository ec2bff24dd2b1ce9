internal import Bytes
internal import Records
internal import Synchronization

extension HotRowCache {
    private static let attemptsToFill = 8
    /// Rows taken out while a stripe is held: its readers wait no longer than these take.
    private static let removalsAtOnce = 128
    private static let keysPerRound = 1 << 16
    private static let keysAhead = 8

    // MARK: Filling

    /// To be noted before a row is read that will be filled in.
    func noteWrites(_ hash: UInt64) -> UInt64 {
        stripe(hash).pointee.writes.load(ordering: .acquiring)
    }

    /// Puts in a row as it was read after `noted` was noted, nil where it is absent. Does without where that would mean waiting.
    func fill(_ key: HotKey, revision: UInt32, message: UnsafeRawBufferPointer?, noted: UInt64) {
        let bytes = HotEntry.headerBytes + key.bytes.count + (message?.count ?? 0)
        guard bytes <= greatestEntryBytes, key.bytes.count <= HotEntry.maxKeyBytes,
            message?.count ?? 0 <= HotEntry.maxMessageBytes, revision <= HotEntry.maxRevision
        else { return }
        guard isReady else { return }
        let stripe = stripe(key.hash)
        var attempts = 0
        while !stripe.pointee.tryHold() {
            attempts += 1
            if attempts == Self.attemptsToFill { return }
        }
        if stripe.pointee.writes.load(ordering: .relaxed) == noted {
            stripe.pointee.insert(key, revision: revision, message: message)
        }
        stripe.pointee.letGo()
    }

    // MARK: Writing

    /// Takes out rows that a commit wrote, given by their storage keys.
    func invalidate(_ keys: ByteStrings, space: UInt32) {
        keys.arena.withUnsafeBytes { arena in
            keys.ends.withUnsafeBufferPointer { ends in
                let hashes = [UInt64](unsafeUninitializedCapacity: ends.count) { hashes, count in
                    if let base = hashes.baseAddress {
                        xxh3(ofEach: arena, ends: ends, skipping: StorageKey.shardBytes, into: base)
                    }
                    for index in 0..<ends.count { hashes[index] = hash(hashes[index], space: space) }
                    count = ends.count
                }
                for start in stride(from: 0, to: ends.count, by: Self.keysPerRound) {
                    let order = orderByStripe(hashes, start..<min(start + Self.keysPerRound, ends.count))
                    remove(order, hashes) { index in
                        let start = index == 0 ? 0 : ends[index - 1]
                        return HotKey(
                            hash: hashes[index], space: space,
                            bytes: StorageKey.tuple(of: UnsafeRawBufferPointer(rebasing: arena[start..<ends[index]])))
                    }
                }
            }
        }
    }

    private func orderByStripe(_ hashes: [UInt64], _ range: Range<Int>) -> [Int] {
        var starts = [Int](repeating: 0, count: stripeCount + 1)
        for index in range { starts[stripeIndex(hashes[index]) + 1] += 1 }
        for number in 0..<stripeCount { starts[number + 1] += starts[number] }
        return [Int](unsafeUninitializedCapacity: range.count) { order, count in
            for index in range {
                let number = stripeIndex(hashes[index])
                order[starts[number]] = index
                starts[number] += 1
            }
            count = range.count
        }
    }

    private func remove(_ order: [Int], _ hashes: [UInt64], _ key: (Int) -> HotKey) {
        var next = 0
        while next < order.count {
            let number = stripeIndex(hashes[order[next]])
            let stripe = stripe(at: number)
            stripe.pointee.hold()
            // Before anything is taken out, and for rows that are not here as well: somebody may just be reading them.
            stripe.pointee.writes.wrappingAdd(1, ordering: .relaxed)
            var removals = 0
            while next < order.count, removals < Self.removalsAtOnce, stripeIndex(hashes[order[next]]) == number {
                if next + Self.keysAhead < order.count {
                    let ahead = hashes[order[next + Self.keysAhead]]
                    let stripe = self.stripe(ahead)
                    prefetch(stripe.pointee.bucket(stripe.pointee.bucketIndex(ahead)).base)
                }
                stripe.pointee.remove(key(order[next]))
                next += 1
                removals += 1
            }
            stripe.pointee.letGo()
        }
    }
}
