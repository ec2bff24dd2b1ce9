internal import Bytes
package import Catalog

/// What a load is known by: the same for the same table and manifest, so that an upload finds what it began, and an answer that
/// was lost can be asked for again.
package struct LoadID: Hashable, Sendable {
    package var table: UInt32
    /// XXH3-64 of the manifest's bytes, as 16 hexadecimal digits.
    package var manifest: String
    /// How often the table had adopted the manifest when the load began.
    package var formerAdoptions: Int

    /// Of the first load of the manifest.
    package init(table: UInt32, manifest: [UInt8]) {
        self.table = table
        self.manifest = Checksum(xxh3(manifest)).description
        formerAdoptions = 0
    }

    /// Of a load that begins now.
    init(table: TableEntry, manifest: [UInt8]) {
        self.init(table: table.id, manifest: manifest)
        formerAdoptions = table.adoptions(ofManifest: self.manifest).count
    }

    /// nil where the text is none of a load.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[0].first == "t", let table = UInt32(parts[0].dropFirst()),
            parts[1].utf8.count == 16, UInt64(parts[1], radix: 16) != nil
        else { return nil }
        self.table = table
        manifest = String(parts[1])
        formerAdoptions = parts.count == 3 ? Int(parts[2]) ?? 0 : 0
        if self.text != text { return nil }
    }

    package var text: String { "t\(table)-\(manifest)" + (formerAdoptions > 0 ? "-\(formerAdoptions)" : "") }

    /// What the table made of this very load; nil where it has not yet.
    package func adoption(by table: TableEntry) -> AdoptedLoad? {
        let adoptions = table.adoptions(ofManifest: manifest)
        return adoptions.indices.contains(formerAdoptions) ? adoptions[formerAdoptions] : nil
    }

    func isOf(manifest bytes: [UInt8]) -> Bool { Checksum(xxh3(bytes)).description == manifest }

    func checkIsNew(to table: TableEntry, _ terms: LoadTerms) throws(BulkLoadError) {
        let adoptions = table.adoptions(ofManifest: manifest)
        guard let last = adoptions.last, !terms.isAgain || adoptions.count != formerAdoptions else { return }
        throw BulkLoadError(
            .adoptedAlready,
            "this very load became version \(last.version) of table \(table.name) already; `--again` makes another one of it"
        )
    }
}

/// What a person says about a load besides what is in its manifest.
package struct LoadTerms: Codable, Hashable, Sendable {
    static let fileName = "terms.json"

    /// A manifest that was adopted already may be adopted once more.
    package var isAgain: Bool
    /// Where the table's category goes on, for a manifest without a cut.
    package var cut: Cut?

    package init(isAgain: Bool = false, cut: Cut? = nil) {
        self.isAgain = isAgain
        self.cut = cut
    }
}
