internal import CRocksDB

extension maser_rocks_slice {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(data: bytes.baseAddress, size: bytes.count)
    }

    static var none: maser_rocks_slice { maser_rocks_slice(data: nil, size: 0) }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: size) }

    /// nil where there is no value, which an empty one is not.
    var value: UnsafeRawBufferPointer? { data == nil ? nil : bytes }
}

/// Lends strings to C, each ended by a zero byte.
func withCStrings<R>(_ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> R) -> R {
    var bytes: [CChar] = []
    let starts = strings.map { string in
        let start = bytes.count
        bytes.append(contentsOf: string.utf8CString)
        return start
    }
    return bytes.withUnsafeBufferPointer { buffer in
        body(starts.map { start in buffer.baseAddress.map { $0 + start } })
    }
}
