/// Memory that grows, and stays where it is while it is read.
final class GrowingBytes {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 8)
    private var count = 0

    deinit {
        memory.deallocate()
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory.baseAddress, count: count) }

    func removeAll() {
        count = 0
    }

    func append(_ more: UnsafeRawBufferPointer) {
        reserve(more.count)
        if let start = memory.baseAddress, let source = more.baseAddress {
            (start + count).copyMemory(from: source, byteCount: more.count)
        }
        count += more.count
    }

    func append(varint value: Int) {
        reserve(10)
        var rest = UInt64(value)
        while rest >= 0x80 {
            memory[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            count += 1
            rest >>= 7
        }
        memory[count] = UInt8(truncatingIfNeeded: rest)
        count += 1
    }

    private func reserve(_ more: Int) {
        if count + more <= memory.count { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, count + more), alignment: 8)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }
}
