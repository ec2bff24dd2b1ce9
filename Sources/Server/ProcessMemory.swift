internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// What the C library keeps of memory that was given back.
enum ProcessMemory {
    /// M_ARENA_MAX of malloc.h.
    private static let arenaMaximum: CInt = -8

    /// To be called before threads are started. The library gives nearly every thread a heap of its own, and blocks that come and go by
    /// way of many threads leave holes in each: with eight threads that read at random, a cache of 96 MiB held 197 MiB, with two heaps
    /// 138, at the same speed.
    static func limitHeaps() {
        #if canImport(Glibc)
            // Swift's Glibc leaves malloc.h out.
            guard let address = dlsym(nil, "mallopt") else { return }
            let mallopt = unsafeBitCast(address, to: (@convention(c) (CInt, CInt) -> CInt).self)
            _ = mallopt(arenaMaximum, CInt(clamping: max(2, System.coreCount / 2)))
        #endif
    }
}
