internal import Catalog
internal import RocksDB
internal import Synchronization

// What happens to a log besides appending: categories come and go, and what is too old goes too.

extension LogWriter {
    private static let upkeepMicroseconds: Int64 = 5_000_000
    private static let forgettingMicroseconds: Int64 = 60_000_000

    /// Tidies up where it is due, and opens a store again that could not be.
    func keepUp() {
        state.withLock { state in
            // A broken store that is still open is left to readers until the next append.
            if state.opened == nil { _ = try? open(&state) }
            guard state.opened != nil, clock() >= state.upkeepDue else { return }
            tidy(&state)
        }
    }

    /// Tidies up now.
    func tidy() {
        turn.withLock { _ in state.withLock { tidy(&$0) } }
    }

    private func tidy(_ state: inout LogWriterState) {
        let now = clock()
        state.upkeepDue = now + Self.upkeepMicroseconds
        if now >= state.forgettingDue {
            state.forgettingDue = now + Self.forgettingMicroseconds
            forgetProducers(now, &state)
        }
        for category in categories().values { retain(category, now, &state) }
    }

    private func forgetProducers(_ now: Int64, _ state: inout LogWriterState) {
        guard let opened = state.opened, !state.isBroken else { return }
        let (gone, kept) = state.producers.forget(now: now)
        do {
            try opened.write(without: gone, with: kept)
        } catch {
            // Opening again makes the rows say what is known.
            state.isBroken = true
        }
    }

    // MARK: Categories

    func create(_ category: UInt32) {
        state.withLock { state in
            guard state.opened?.logs[category] == nil, published.log(of: category) == nil else { return }
            let log = CategoryLog(category: category)
            state.opened?.logs[category] = log
            published.publish(log)
        }
    }

    func delete(_ category: UInt32) throws(CategoriesError) {
        let failure: CategoriesError? = state.withLock { state in
            state.deleted.insert(category)
            published.remove(category)
            meters.remove(category)
            state.producers.remove(category: category)
            let log = state.opened?.logs.removeValue(forKey: category)
            let failure = drop(log?.spans ?? [], &state)
            do throws(RocksDBError) {
                try state.opened?.removeProducers(ofCategory: category)
            } catch {
                state.isBroken = true
                return failure ?? CategoriesError(storage: error, "forgetting the producers of a deleted category")
            }
            return failure
        }
        if let failure { throw failure }
    }

    func drop(_ spans: [Span], _ state: inout LogWriterState) -> CategoriesError? {
        guard let database = state.opened?.database else { return nil }
        for span in spans {
            do {
                try database.dropFamily(span.family)
            } catch {
                state.isBroken = true
                return CategoriesError(storage: error, "dropping the span \(span.family.name)")
            }
        }
        return nil
    }
}
