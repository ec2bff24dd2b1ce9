internal import Catalog
internal import Records
internal import RocksDB
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

extension TableStore {
    /// Writes a checkpoint: all its merges and positions in one batch, unless its semantics ask for less, then publishes the
    /// positions to readers.
    ///
    /// Whether a checkpoint whose write failed happened is known only after `recover`.
    package func commit(_ checkpoint: Checkpoint) throws(TablesError) {
        let opened = try writable()
        if let expected = checkpoint.generation, expected != generation {
            throw TablesError(.staleGeneration, "the table store was opened again since positions were read")
        }
        let versions = checkpoint.merges.map(\.versionID) + checkpoint.positions.compactMap(\.sink.versionID)
        // Sorted as the merges are.
        let positions = checkpoint.positions.sorted(by: StoreRecords.ascend)
        try opened.withVersions(versions) { versions throws(TablesError) in
            do throws(TablesError) {
                try write(checkpoint, positions, to: versions, opened)
            } catch {
                // It may have happened all the same.
                invalidate(checkpoint.merges, in: versions)
                throw error
            }
            invalidate(checkpoint.merges, in: versions)
            publishedPositions.publish(positions)
        }
    }

    private func write(
        _ checkpoint: Checkpoint, _ positions: [StoredPosition], to versions: [OpenVersion], _ opened: OpenStore
    ) throws(TablesError) {
        func addState(to batch: inout WriteBatch) throws(TablesError) {
            for (merges, version) in zip(checkpoint.merges, versions) {
                if switches.readsBeforeWriting {
                    try addCombined(merges, to: &batch, version.family, opened)
                } else {
                    TableStore.add(merges, to: &batch, version.family)
                }
            }
            for changes in checkpoint.panes { PaneRecords.put(changes, into: &batch, opened.panes) }
        }
        func addPositions(to batch: inout WriteBatch) {
            for position in positions { StoreRecords.put(position, into: &batch, opened.positions) }
        }
        func finish(_ batch: inout WriteBatch) throws(TablesError) {
            defer { batch.clear() }
            if batch.count == 0 { return }
            try write(batch, to: opened, sync: checkpoint.isSynced, doing: "writing a checkpoint")
        }
        var batch = WriteBatch()
        switch checkpoint.semantics {
        case .exactlyOnce:
            try addState(to: &batch)
            if let milliseconds = switches.positionsApartMilliseconds {
                try finish(&batch)
                usleep(UInt32(milliseconds) * 1000)
            }
            addPositions(to: &batch)
        case .atLeastOnce:
            try addState(to: &batch)
            try finish(&batch)
            addPositions(to: &batch)
        case .atMostOnce:
            addPositions(to: &batch)
            try finish(&batch)
            try addState(to: &batch)
        }
        try finish(&batch)
    }

    /// Takes out of the hot-row cache what was just written; `HotRowCache` says why it is enough to look at a flag.
    private func invalidate(_ merges: [VersionMerges], in versions: [OpenVersion]) {
        guard let hotRows else { return }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        for (merges, version) in zip(merges, versions) where version.isLookedUp.load(ordering: .relaxed) {
            hotRows.invalidate(merges.keys, space: version.space.load(ordering: .acquiring))
        }
    }

    private static func add(_ merges: VersionMerges, to batch: inout WriteBatch, _ family: Family) {
        withMemory(of: merges.keys) { keys, keyEnds in
            withMemory(of: merges.operands) { operands, operandEnds in
                KeyOrder.ascending(merges.keys, in: keys).withUnsafeBufferPointer { order in
                    batch.merge(
                        keys: keys, ends: keyEnds, operands: operands, ends: operandEnds, order: order, in: family)
                }
            }
        }
    }

    private static func withMemory(
        of strings: ByteStrings, _ body: (UnsafeRawBufferPointer, UnsafeBufferPointer<Int>) -> Void
    ) {
        strings.arena.withUnsafeBytes { arena in strings.ends.withUnsafeBufferPointer { body(arena, $0) } }
    }

    // MARK: Positions

    /// Where the inputs of a sink continue: what was committed last, for each bucket that was ever committed.
    package func positions(of sink: SinkID) throws(TablesError) -> [PositionKey: StoredPosition] {
        if let id = sink.versionID, try opened().family(id) == nil { throw TableStore.noVersion(id) }
        return publishedPositions[sink]
    }

    /// How far a version has come by what readers may know; none for a version that is not there. It takes no time, whatever is
    /// being written.
    package func published(_ version: VersionID) -> [PositionKey: StoredPosition] {
        publishedPositions[.table(version)]
    }

    /// Has `body` called whenever positions were published, on the thread that commits: it must not hold that up.
    package func onPositions(_ body: (@Sendable () -> Void)?) {
        publishedPositions.setOnChange(body)
    }

    package func positions(table: UInt32, version: UInt32) throws(TablesError) -> [PositionKey: StoredPosition] {
        try positions(of: .table(VersionID(table: table, version: version)))
    }
}
