internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Zeroed memory straight from the system, which counts only once it is touched.
struct HotMemory: ~Copyable {
    /// Of the larger pages. The system has to clear each, which takes it a good part of a millisecond, or several where it is a
    /// guest that has to ask for it.
    private static let pageBytes = 2 << 20
    private static let smallPageBytes = 4 << 10
    /// MADV_POPULATE_WRITE of Linux 5.14, which Glibc's module leaves out.
    private static let populateForWriting: CInt = 23

    let base: UnsafeMutableRawPointer
    let bytes: Int

    init(bytes: Int) throws(TablesError) {
        guard let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            base != MAP_FAILED
        else { throw TablesError(.storage, "there is no room for \(bytes >> 20) MiB of hot rows") }
        // Rows lie anywhere in it: with small pages nearly every one of them would cost a walk of the page table.
        _ = madvise(base, bytes, MADV_HUGEPAGE)
        self.base = base
        self.bytes = bytes
    }

    deinit {
        munmap(base, bytes)
    }

    /// Has the system provide all of it now, whoever uses it meanwhile.
    func touch() {
        for start in stride(from: 0, to: bytes, by: Self.pageBytes) {
            let count = min(Self.pageBytes, bytes - start)
            if madvise(base + start, count, Self.populateForWriting) == 0 { continue }
            for offset in stride(from: start, to: start + count, by: Self.smallPageBytes) {
                // A write that changes nothing.
                (base + offset).assumingMemoryBound(to: Atomic<UInt8>.self).pointee.bitwiseOr(0, ordering: .relaxed)
            }
        }
    }
}
