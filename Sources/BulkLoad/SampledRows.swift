internal import Bytes
internal import Tables

/// Picks a few rows, evenly over the keys, for a server to read back.
struct SampledRows {
    static let greatestCount = 16
    /// Some rows meet others with the same key, so that fewer come than were expected.
    private static let greatestPartCount: Int64 = 64

    private let every: Int64
    /// Rows until the next one is taken.
    private var left: Int64 = 0
    private(set) var samples: [LoadManifest.Sample] = []

    /// Of a part of the rows.
    init(of rows: Int64) {
        every = max(1, rows / Self.greatestPartCount)
    }

    mutating func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if left > 0 {
            left -= 1
            return
        }
        left = every - 1
        samples.append(LoadManifest.Sample(key: StorageKey.tuple(of: key), xxh3: Checksum(xxh3(value))))
    }

    /// Those of all parts, thinned to as many as a manifest has.
    static func thinned(_ samples: [LoadManifest.Sample]) -> [LoadManifest.Sample] {
        if samples.count <= greatestCount { return samples }
        return (0..<greatestCount).map { samples[$0 * samples.count / greatestCount] }
    }
}
