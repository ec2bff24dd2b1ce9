package import Catalog
internal import Foundation

/// A place in a category, as people carry it from `maser cut` to `maser load` (Protocols/cut.md).
package struct CutFile: Codable, Hashable, Sendable {
    package static let currentFormat = 1

    package var format: Int
    /// For people.
    package var category: String
    package var categoryID: UInt32
    /// Microseconds since 1970.
    package var takenAt: Int64
    /// By bucket, the first record that the batch does not hold.
    package var offsets: [Int64]

    package init(category: CategoryEntry, takenAt: Int64, offsets: [Int64]) {
        format = Self.currentFormat
        self.category = category.name
        categoryID = category.id
        self.takenAt = takenAt
        self.offsets = offsets
    }

    package var cut: Cut { .positions(category: categoryID, offsets: offsets) }

    package func encoded() throws(BulkLoadError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            throw BulkLoadError(.storage, "the cut cannot be written", cause: error)
        }
    }

    package init(decoding bytes: [UInt8]) throws(BulkLoadError) {
        do {
            self = try JSONDecoder().decode(CutFile.self, from: Data(bytes))
        } catch {
            throw BulkLoadError(
                .wrongManifest, "the cut cannot be read: it is not what `maser cut` prints", cause: error)
        }
        guard format == Self.currentFormat else {
            throw BulkLoadError(.wrongManifest, "the cut has format \(format); wanted is \(Self.currentFormat)")
        }
    }
}
