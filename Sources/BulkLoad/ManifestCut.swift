internal import Catalog

/// A cut as a manifest writes it (Protocols/manifest.md); the catalog's own encoding of `Cut` is nobody else's business.
struct ManifestCut: Codable, Hashable, Sendable {
    private enum Kind: String, Codable {
        case positions
        case before
        case earliest
        case replace
    }

    private var kind: Kind
    private var categoryID: UInt32?
    private var offsets: [Int64]?
    private var time: Int64?

    init(_ cut: Cut) {
        switch cut {
        case .positions(let category, let offsets):
            kind = .positions
            categoryID = category
            self.offsets = offsets
        case .eventTime(let time):
            kind = .before
            self.time = time
        case .earliest: kind = .earliest
        case .replace: kind = .replace
        }
    }

    /// nil where its kind lacks something.
    var cut: Cut? {
        switch kind {
        case .positions:
            categoryID.flatMap { category in offsets.map { .positions(category: category, offsets: $0) } }
        case .before: time.map { .eventTime($0) }
        case .earliest: .earliest
        case .replace: .replace
        }
    }
}
