/// Where work goes that would hold up an event loop. Each kind has threads of its own, so that none waits for another.
struct WorkPools: Sendable {
    /// Lookups that memory cannot answer: mostly waiting for the disk.
    let lookups = WorkPool(
        "lookups", "lookups wait for the disk", threads: 16, WorkPool.Limits(requests: 8192, weight: 262_144))
    /// Scans, folds, reads of categories, descriptions, status.
    let reads = WorkPool("reads", "scans and reads wait for their turn", threads: 4, WorkPool.Limits(requests: 1024))
    /// What changes the catalog.
    let control = WorkPool(
        "control", "deploys and loads wait for their turn", threads: 4, niceness: 10, WorkPool.Limits(requests: 256))
    /// Chunks of loads' files, by their bytes.
    let uploads = WorkPool(
        "uploads", "uploads wait for the disk", threads: 2, niceness: 10,
        WorkPool.Limits(requests: 256, weight: 128 << 20))

    var all: [WorkPool] { [lookups, reads, control, uploads] }

    func close() async {
        for pool in all { await pool.close() }
    }
}
