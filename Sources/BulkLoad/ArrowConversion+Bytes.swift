internal import CArrow
internal import Records

extension ArrowConversion {
    /// STRING and BYTES.
    func bytes(_ cells: ArrowCells) throws(Misfit) -> Column {
        let strings: ByteStrings
        switch type {
        case .text(.narrow), .binary(.narrow): strings = try offsets(cells, of: Int32.self)
        case .text(.wide), .binary(.wide): strings = try offsets(cells, of: Int64.self)
        case .text(.views), .binary(.views): strings = try views(cells)
        case .fixedBinary(let width): strings = fixed(cells, width: width)
        default: throw Misfit(row: 0, reason: "it has no bytes")
        }
        if column.type == .string, let row = strings.firstNotUTF8 {
            throw Misfit(row: row, reason: "expected STRING (UTF-8), found other bytes")
        }
        return made(.bytes(strings), cells)
    }

    private func offsets<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ cells: ArrowCells, of: Offset.Type
    ) throws(Misfit) -> ByteStrings {
        guard let offsets = cells.buffer(1)?.assumingMemoryBound(to: Offset.self) else {
            return ByteStrings(arena: [], ends: [Int](repeating: 0, count: cells.count))
        }
        let first = Int(offsets[cells.offset])
        let last = Int(offsets[cells.offset + cells.count])
        guard first >= 0, last >= first else { throw Misfit(row: 0, reason: "its lengths are wrong") }
        var isAscending = true
        var before = first
        let ends = [Int](unsafeUninitializedCapacity: cells.count) { ends, initialized in
            for row in 0..<cells.count {
                let end = Int(offsets[cells.offset + row + 1])
                isAscending = isAscending && end >= before
                before = end
                ends.initializeElement(at: row, to: end &- first)
            }
            initialized = cells.count
        }
        guard isAscending else { throw Misfit(row: 0, reason: "its lengths are wrong") }
        let length = last - first
        // All are empty, or NULL.
        guard length > 0, let data = cells.buffer(2) else {
            return ByteStrings(arena: [], ends: [Int](repeating: 0, count: cells.count))
        }
        let arena = [UInt8](UnsafeRawBufferPointer(start: data + first, count: length))
        return ByteStrings(arena: arena, ends: ends)
    }

    private func views(_ cells: ArrowCells) throws(Misfit) -> ByteStrings {
        guard let views = ArrowViews(cells) else {
            return ByteStrings(arena: [], ends: [Int](repeating: 0, count: cells.count))
        }
        var ends: [Int] = []
        ends.reserveCapacity(cells.count)
        var length = 0
        for row in 0..<cells.count {
            if cells.nulls?[row] != true {
                guard let bytes = views.bytes(of: row) else { throw Misfit(row: row, reason: "its place is wrong") }
                length += bytes.count
            }
            ends.append(length)
        }
        let arena = [UInt8](unsafeUninitializedCapacity: length) { arena, initialized in
            var start = 0
            for (row, end) in ends.enumerated() where end > start {
                if let bytes = views.bytes(of: row) {
                    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(arena)[start..<end])
                        .copyMemory(from: bytes)
                }
                start = end
            }
            initialized = length
        }
        return ByteStrings(arena: arena, ends: ends)
    }

    private func fixed(_ cells: ArrowCells, width: Int) -> ByteStrings {
        guard let data = cells.buffer(1), width > 0 else {
            return ByteStrings(arena: [], ends: [Int](repeating: 0, count: cells.count))
        }
        let arena = [UInt8](UnsafeRawBufferPointer(start: data + cells.offset * width, count: cells.count * width))
        return ByteStrings(arena: arena, ends: (1...cells.count).map { $0 * width })
    }
}

/// Strings that say each where they stand.
///
/// A view is 16 bytes: a length, then the bytes where they are 12 at most, else 4 of them, a buffer's number and the place in
/// it. After the last of these buffers comes one of their lengths.
private struct ArrowViews {
    let cells: ArrowCells
    let views: UnsafeRawPointer
    let bufferCount: Int
    let lengths: UnsafeRawPointer?

    init?(_ cells: ArrowCells) {
        guard let views = cells.buffer(1) else { return nil }
        self.cells = cells
        self.views = views + cells.offset * 16
        bufferCount = Int(cells.array.n_buffers) - 3
        lengths = cells.buffer(Int(cells.array.n_buffers) - 1)
    }

    /// nil where the view means no place in the buffers.
    func bytes(of row: Int) -> UnsafeRawBufferPointer? {
        let view = views + row * 16
        let length = Int(view.loadUnaligned(as: Int32.self))
        if length < 0 { return nil }
        if length <= 12 { return UnsafeRawBufferPointer(start: view + 4, count: length) }
        let number = Int(view.loadUnaligned(fromByteOffset: 8, as: Int32.self))
        let start = Int(view.loadUnaligned(fromByteOffset: 12, as: Int32.self))
        guard start >= 0, number >= 0, number < bufferCount, let data = cells.buffer(2 + number), let lengths,
            start + length <= Int(lengths.loadUnaligned(fromByteOffset: number * 8, as: Int64.self))
        else { return nil }
        return UnsafeRawBufferPointer(start: data + start, count: length)
    }
}
