#if canImport(Glibc)
    internal import Glibc
#endif

/// Zeroed memory straight from the system, which counts only once it is touched.
struct HotMemory: ~Copyable {
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
}
