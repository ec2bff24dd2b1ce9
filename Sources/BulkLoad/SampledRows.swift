internal import Bytes
internal import Tables

/// Picks a few rows, evenly over the keys, for a server to read back.
struct SampledRows {
    static let greatestCount = 16

    private let every: Int64
    private var row: Int64 = 0
    private(set) var samples: [LoadManifest.Sample] = []

    init(of rows: Int64) {
        every = max(1, rows / Int64(Self.greatestCount))
    }

    mutating func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        defer { row += 1 }
        guard row % every == 0, samples.count < Self.greatestCount else { return }
        samples.append(LoadManifest.Sample(key: StorageKey.tuple(of: key), xxh3: Checksum(xxh3(value))))
    }
}
