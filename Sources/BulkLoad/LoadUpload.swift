internal import Catalog
internal import Foundation
internal import Synchronization

/// One load under way on the server: its folder, and how much of each file is here.
package final class LoadUpload: Sendable {
    package let id: LoadID
    package let manifest: LoadManifest
    private let folder: String
    private let state: Mutex<State>

    private struct State {
        var received: [Int64]
        var lastUsed: Int64
        var terms: LoadTerms
        /// Verified, or removed: takes no more.
        var isClosed = false
    }

    init(
        folder: String, id: LoadID, manifest: LoadManifest, bytes: [UInt8], terms: LoadTerms, now: Int64
    ) throws(BulkLoadError) {
        self.folder = folder
        self.id = id
        self.manifest = manifest
        state = Mutex(State(received: manifest.files.map { _ in 0 }, lastUsed: now, terms: terms))
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw BulkLoadError(making: folder, error)
        }
        // What has a manifest has terms.
        try Self.write(terms, to: folder)
        try WorkFolder.write(bytes, to: "\(folder)/\(LoadManifest.fileName)")
    }

    /// What a former server took in; nil where that is no load. A power loss may have taken back a file's end and left its
    /// length: the checksums tell when all of it is here.
    init?(foundIn folder: String, id: String, now: Int64) {
        guard let id = LoadID(id),
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(LoadManifest.fileName)").map([UInt8].init),
            id.isOf(manifest: bytes), let manifest = try? LoadManifest(decoding: bytes),
            let terms = FileManager.default.contents(atPath: "\(folder)/\(LoadTerms.fileName)")
                .flatMap({ try? JSONDecoder().decode(LoadTerms.self, from: $0) })
        else { return nil }
        self.folder = folder
        self.id = id
        self.manifest = manifest
        let received = manifest.files.indices.map { index -> Int64 in
            var information = stat()
            let isHere = lstat("\(folder)/\(VersionFiles.name(of: index))", &information) == 0
            return isHere ? min(Int64(information.st_size), manifest.files[index].bytes) : 0
        }
        state = Mutex(State(received: received, lastUsed: now, terms: terms))
    }

    /// false where its table is gone, or has adopted it.
    func isWanted(by catalog: CatalogSnapshot) -> Bool {
        guard let table = catalog.table(id: id.table) else { return false }
        return id.adoption(by: table) == nil
    }

    package var terms: LoadTerms { state.withLock { $0.terms } }

    /// They outlive the server, as the files do: the load may be finished on the next one. Not while it is being finished.
    func accept(_ terms: LoadTerms) throws(BulkLoadError) {
        try state.withLock { state throws(BulkLoadError) in
            if state.terms == terms { return }
            try Self.open(state)
            try Self.write(terms, to: folder)
            state.terms = terms
        }
    }

    private static func write(_ terms: LoadTerms, to folder: String) throws(BulkLoadError) {
        let bytes: Data
        do {
            bytes = try JSONEncoder().encode(terms)
        } catch {
            throw BulkLoadError(.storage, "encoding the terms of a load failed", cause: error)
        }
        try WorkFolder.write([UInt8](bytes), to: "\(folder)/\(LoadTerms.fileName)")
    }

    var received: [Int64] { state.withLock { $0.received } }
    var lastUsed: Int64 { state.withLock { $0.lastUsed } }

    /// Named by their place, never by what the manifest calls them.
    var files: [String] { manifest.files.indices.map { "\(folder)/\(VersionFiles.name(of: $0))" } }

    func write(
        file: Int, offset: Int64, data: UnsafeRawBufferPointer, now: Int64
    ) throws(BulkLoadError) -> Int64 {
        guard manifest.files.indices.contains(file) else {
            throw BulkLoadError(.notFound, "the load has \(manifest.files.count) files, and none numbered \(file)")
        }
        let expected = manifest.files[file].bytes
        guard offset >= 0, Int64(data.count) <= expected, offset <= expected - Int64(data.count) else {
            throw BulkLoadError(.wrongOffset, "file \(file) of the load has \(expected) bytes, fewer than were sent")
        }
        return try state.withLock { state throws(BulkLoadError) in
            try Self.open(state)
            state.lastUsed = now
            let received = state.received[file]
            guard offset <= received else {
                throw BulkLoadError(
                    .wrongOffset, "file \(file) of the load is here up to byte \(received), not \(offset)")
            }
            let fresh = UnsafeRawBufferPointer(rebasing: data[min(Int(received - offset), data.count)...])
            if fresh.isEmpty { return received }
            let path = files[file]
            let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            if descriptor < 0 { throw BulkLoadError(system: errno, "opening \(path)") }
            defer { close(descriptor) }
            try OutputFile.write(fresh, to: descriptor, path, at: received)
            state.received[file] = received + Int64(fresh.count)
            return state.received[file]
        }
    }

    /// Closes the load and compares every file with the manifest. A load that is not whole stays open.
    func verify() throws(BulkLoadError) {
        try state.withLock { state throws(BulkLoadError) in
            try Self.open(state)
            for (index, file) in manifest.files.enumerated() where state.received[index] != file.bytes {
                throw BulkLoadError(
                    .wrongOffset,
                    "file \(index) of the load is here up to byte \(state.received[index]) of \(file.bytes)")
            }
            state.isClosed = true
        }
        for (file, path) in zip(manifest.files, files) {
            let (bytes, xxh3) = try ChunkedFile.measure(path)
            guard bytes == file.bytes, xxh3 == file.xxh3 else {
                throw BulkLoadError(
                    .corrupt,
                    "file \(file.name) of the load is not what its manifest says: it has \(bytes) bytes with XXH3 \(xxh3)"
                )
            }
            try Self.sync(path)
        }
    }

    /// It was refused for what is not its own fault: it may be finished later.
    package func reopen() {
        state.withLock { $0.isClosed = false }
    }

    /// Takes no more, and removes its files. What cannot be removed now is when the server starts again.
    func remove() {
        state.withLock { $0.isClosed = true }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func open(_ state: State) throws(BulkLoadError) {
        if state.isClosed { throw BulkLoadError(.busy, "the load is being finished") }
    }

    private static func sync(_ path: String) throws(BulkLoadError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw BulkLoadError(system: errno, "opening \(path)") }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw BulkLoadError(system: errno, "syncing \(path)") }
    }
}
