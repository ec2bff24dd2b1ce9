internal import CSimdJSON

/// The paths that a decoder wants of every JSON document.
final class JSONPaths: @unchecked Sendable {
    // Nothing changes the paths after `init`, and decoding only reads them.
    private let handle: OpaquePointer
    private let columnCount: Int

    init(_ paths: [[String]]) {
        let handle: OpaquePointer = maser_json_paths_create()
        self.handle = handle
        columnCount = paths.count
        for path in paths {
            let names = path.map { [CChar]($0.utf8.map { CChar(bitPattern: $0) }) }
            let joined: [CChar] = names.joined() + [0]
            joined.withUnsafeBufferPointer { joined in
                var start = joined.baseAddress
                let starts = names.map { name in
                    defer { start = start.map { $0 + name.count } }
                    return start
                }
                maser_json_paths_add(handle, starts, names.map(\.count), names.count)
            }
        }
    }

    deinit {
        maser_json_paths_destroy(handle)
    }

    /// Reads `documents` and hands over their cells, column by column, and an error for each document. What cells refer to
    /// is gone when `body` returns.
    func decode<R>(
        _ documents: ByteStrings,
        _ body: (UnsafeBufferPointer<maser_json_cell>, UnsafeBufferPointer<Int32>) -> R
    ) -> R {
        let count = documents.count
        let cells = UnsafeMutableBufferPointer<maser_json_cell>.allocate(capacity: max(1, count * columnCount))
        let strings = UnsafeMutableRawBufferPointer.allocate(
            byteCount: documents.arena.count + Int(MASER_JSON_STRING_PADDING), alignment: 1)
        let errors = UnsafeMutableBufferPointer<Int32>.allocate(capacity: max(1, count))
        defer {
            cells.deallocate()
            strings.deallocate()
            errors.deallocate()
        }
        return documents.arena.withUnsafeBufferPointer { arena in
            documents.ends.withUnsafeBufferPointer { ends in
                maser_json_decode(
                    handle, arena.baseAddress, ends.baseAddress, count, cells.baseAddress,
                    strings.baseAddress?.assumingMemoryBound(to: UInt8.self), errors.baseAddress)
            }
            return body(UnsafeBufferPointer(cells), UnsafeBufferPointer(errors))
        }
    }
}
