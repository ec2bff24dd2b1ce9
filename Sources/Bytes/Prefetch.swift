internal import CXXHash

/// Asks for memory that is read soon: rows in sorted order lie anywhere, and waiting for each takes longer than all else that is done
/// with it. Any address will do.
package func prefetch(_ address: UnsafeRawPointer) {
    maser_prefetch(address)
}
