/// A load that became a version: kept so that nobody adopts it twice without meaning it, and so that whoever lost the answer
/// gets it again.
package struct AdoptedLoad: Codable, Hashable, Sendable {
    /// XXH3-64 of its manifest, as 16 hexadecimal digits.
    package var manifest: String
    package var version: UInt32
    package var rows: Int64

    package init(manifest: String, version: UInt32, rows: Int64) {
        self.manifest = manifest
        self.version = version
        self.rows = rows
    }
}

extension TableEntry {
    /// How many loads a table remembers.
    private static let greatestAdoptedLoads = 100

    /// Every time that the manifest was adopted, as far as that is remembered; the oldest first.
    package func adoptions(ofManifest manifest: String) -> [AdoptedLoad] {
        (adoptedLoads ?? []).filter { $0.manifest == manifest }
    }

    package mutating func remember(_ load: AdoptedLoad) {
        adoptedLoads = ((adoptedLoads ?? []) + [load]).suffix(Self.greatestAdoptedLoads)
    }

    /// As if the load had never been adopted.
    package mutating func forgetLoad(ofVersion version: UInt32) {
        adoptedLoads?.removeAll { $0.version == version }
    }
}
