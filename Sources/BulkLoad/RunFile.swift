internal import Bytes

// A run holds sorted rows: for each the lengths of key and value as varints, then both.

struct RunWriter {
    private let file: OutputFile

    init(path: String) throws(BulkLoadError) {
        file = try OutputFile(path: path)
    }

    func append(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(BulkLoadError) {
        try file.append(varint: key.count)
        try file.append(varint: value.count)
        try file.append(key)
        try file.append(value)
    }

    func finish() throws(BulkLoadError) {
        try file.finish()
    }
}

/// Reads a run row by row.
final class RunReader {
    private static let bufferBytes = 256 << 10

    private let file: ChunkedFile
    private var consumed = 0
    /// Good until the next `advance`.
    private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var value = UnsafeRawBufferPointer(start: nil, count: 0)

    init(path: String) throws(BulkLoadError) {
        file = try ChunkedFile(path: path, bufferBytes: Self.bufferBytes)
    }

    /// false at the end.
    func advance() throws(BulkLoadError) -> Bool {
        file.consume(consumed)
        consumed = 0
        while true {
            let bytes = file.bytes
            if let size = take(bytes) {
                consumed = size
                return true
            }
            if file.isAtEnd {
                if bytes.isEmpty { return false }
                throw BulkLoadError(.storage, "\(file.path), which the load wrote itself, is cut off")
            }
            try file.fill()
        }
    }

    /// nil where the buffer ends inside the row.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Int? {
        do throws(BytesError) {
            var reader = ByteReader(bytes)
            let keyBytes = Int(clamping: try reader.readVarint())
            let valueBytes = Int(clamping: try reader.readVarint())
            key = try reader.readBytes(keyBytes)
            value = try reader.readBytes(valueBytes)
            return reader.position
        } catch {
            return nil
        }
    }
}

/// Merges runs that are given in the order in which their rows came.
struct RunMerge {
    private var readers: [RunReader] = []
    /// A heap of indices of readers that have a row; the smallest key, and of equal ones the latest run, is first.
    private var heap: [Int] = []

    init(paths: [String]) throws(BulkLoadError) {
        for path in paths {
            let reader = try RunReader(path: path)
            readers.append(reader)
            if try reader.advance() { heap.append(readers.count - 1) }
        }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    /// Hands over every key once, in order, and returns how many rows gave way to a later one.
    mutating func handOver(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) -> Int64 {
        var duplicates: Int64 = 0
        var last: [UInt8] = []
        var hasLast = false
        while let first = heap.first {
            let reader = readers[first]
            if hasLast, last.withUnsafeBytes({ compare($0, reader.key) == 0 }) {
                duplicates += 1
            } else {
                last.removeAll(keepingCapacity: true)
                last.append(contentsOf: reader.key)
                hasLast = true
                try body(reader.key, reader.value)
            }
            if try !reader.advance() {
                heap.swapAt(0, heap.count - 1)
                heap.removeLast()
            }
            sink(0)
        }
        return duplicates
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && precedes(heap[child], heap[least]) {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        let order = compare(readers[a].key, readers[b].key)
        return order == 0 ? a > b : order < 0
    }
}
