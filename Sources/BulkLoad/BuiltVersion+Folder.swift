internal import Foundation

extension BuiltVersion {
    /// What somebody's build left in a folder, which no other build changes for as long as this is there.
    package init(foundIn folder: String) throws(BulkLoadError) {
        let lock = try FolderLock(reading: folder)
        try self.init(folder: folder)
        self.lock = lock
    }

    /// What a build left in a folder, wherever that is now. Sizes are compared here, so that a folder which lost something on its
    /// way is not uploaded first; bytes are by whoever adopts it.
    package init(folder: String) throws(BulkLoadError) {
        let path = "\(folder)/\(LoadManifest.fileName)"
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BulkLoadError(
                .unreadableSource,
                "\(folder) has no \(LoadManifest.fileName): no version was built there, or not to its end")
        }
        let manifest = try LoadManifest(decoding: [UInt8](bytes))
        for file in manifest.files {
            // Somebody else may have written the manifest.
            guard !file.name.contains("/") else {
                throw BulkLoadError(.wrongManifest, "\(path) names a file in another folder: \(file.name)")
            }
            let found = Self.size(of: "\(folder)/\(file.name)")
            guard found == file.bytes else {
                let what = found.map { "\($0) bytes of \(file.bytes)" } ?? "nothing"
                throw BulkLoadError(.corrupt, "\(folder)/\(file.name) is not whole: there is \(what)")
            }
        }
        self.init(
            manifest: manifest, manifestBytes: [UInt8](bytes), files: manifest.files.map { "\(folder)/\($0.name)" })
    }

    private static func size(of path: String) -> Int64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value
    }
}
