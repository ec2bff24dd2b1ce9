/// A whole version, ready to be uploaded.
package struct BuiltVersion: Sendable {
    package let manifest: LoadManifest
    /// As it stands in the folder; what `BeginLoadRequest` carries.
    package let manifestBytes: [UInt8]
    /// In the manifest's order.
    package let files: [String]
    /// Held for as long as the version is: no build begins in its folder under its upload.
    var lock: FolderLock?

    /// Whether every file is what the manifest says.
    var isSound: Bool {
        zip(manifest.files, files).allSatisfy { file, path in
            guard let found = try? ChunkedFile.measure(path) else { return false }
            return found == (file.bytes, file.xxh3)
        }
    }
}
