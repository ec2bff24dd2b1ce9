internal import Catalog
internal import RocksDB

extension LogWriter {
    /// Drops the spans that the category need not keep and nobody needs.
    func retain(_ category: CategoryEntry, _ now: Int64, _ state: inout LogWriterState) {
        guard let retention = category.retention, !state.isBroken, let opened = state.opened,
            let log = opened.logs[category.id]
        else { return }
        let isOver = log.isNewestSpanTooOld(retention, now: now)
        guard isOver || log.expendableSpans(retention, now: now) > 0, let needed = neededPositions(category.id) else {
            return
        }
        if isOver && log.ends(before: needed) { beginSpan(of: log, now, &state) }
        dropExpendable(category.id, retention, now, needed, &state)
    }

    private func beginSpan(of log: CategoryLog, _ now: Int64, _ state: inout LogWriterState) {
        guard let opened = state.opened else { return }
        var log = log
        var batch = WriteBatch()
        do {
            log.spans.append(try opened.beginSpan(of: log, now: now, in: &batch))
            try opened.database.write(batch, sync: true)
        } catch {
            // Opening again finds out whether it is there.
            state.isBroken = true
            return
        }
        state.opened?.logs[log.category] = log
        published.publish(log)
    }

    private func dropExpendable(
        _ category: UInt32, _ retention: Retention, _ now: Int64, _ needed: [Int: Int64], _ state: inout LogWriterState
    ) {
        guard !state.isBroken, var log = state.opened?.logs[category] else { return }
        let count = log.spansBefore(needed, atMost: log.expendableSpans(retention, now: now))
        if count == 0 { return }
        let dropped = Array(log.spans.prefix(count))
        log.spans.removeFirst(count)
        state.opened?.logs[category] = log
        published.publish(log)
        // Where it fails the next write fails too, and opening again finds the span.
        _ = drop(dropped, &state)
    }
}
