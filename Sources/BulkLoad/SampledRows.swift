internal import Bytes
internal import Catalog
internal import Tables

/// Picks a few rows, evenly over the keys, for a server to read back.
struct SampledRows {
    static let greatestCount = 16
    /// Before the message of a loaded row: format, kind and no entries.
    private static let envelopeBytes = 3

    private let every: Int64
    private var row: Int64 = 0
    private(set) var samples: [LoadManifest.Sample] = []

    init(of rows: Int64) {
        every = max(1, rows / Int64(Self.greatestCount))
    }

    mutating func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        defer { row += 1 }
        guard row % every == 0, samples.count < Self.greatestCount, let columns = columns(of: value) else { return }
        samples.append(LoadManifest.Sample(key: StorageKey.tuple(of: key), xxh3: Checksum(xxh3(columns))))
    }

    /// The row's message as lookups answer it: what lies between the envelope and Maser's own fields.
    private func columns(of value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let message = UnsafeRawBufferPointer(rebasing: value[min(Self.envelopeBytes, value.count)...])
        var reader = ProtobufReader(message)
        var end = 0
        do throws(BytesError) {
            while let field = try reader.next() {
                if TableEntry.reservedFieldNumbers.contains(field.number) { break }
                end += field.encoded.count
            }
        } catch {
            return nil
        }
        return UnsafeRawBufferPointer(rebasing: message[..<end])
    }
}
