internal import Bytes
package import Catalog

/// What a load is known by: the same for the same table and manifest, so that an upload finds what it began, and an answer that
/// was lost can be asked for again.
package struct LoadID: Hashable, Sendable {
    package var table: UInt32
    /// XXH3-64 of the manifest's bytes, as 16 hexadecimal digits.
    package var manifest: String

    package init(table: UInt32, manifest: [UInt8]) {
        self.table = table
        self.manifest = Checksum(xxh3(manifest)).description
    }

    /// nil where the text is none of a load.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].first == "t", let table = UInt32(parts[0].dropFirst()),
            parts[1].utf8.count == 16, UInt64(parts[1], radix: 16) != nil
        else { return nil }
        self.table = table
        manifest = String(parts[1])
    }

    package var text: String { "t\(table)-\(manifest)" }

    func checkIsNew(to table: TableEntry, _ terms: LoadTerms) throws(BulkLoadError) {
        guard !terms.isAgain, let adopted = table.adoptedLoad(manifest: manifest) else { return }
        throw BulkLoadError(
            .adoptedAlready,
            "this very load became version \(adopted.version) of table \(table.name) already; `--again` makes another one of it"
        )
    }
}

/// What a person says about a load besides what is in its manifest.
package struct LoadTerms: Hashable, Sendable {
    /// A manifest that was adopted already may be adopted once more.
    package var isAgain: Bool
    /// Where the table's category goes on, for a manifest without a cut.
    package var cut: Cut?

    package init(isAgain: Bool = false, cut: Cut? = nil) {
        self.isAgain = isAgain
        self.cut = cut
    }
}
