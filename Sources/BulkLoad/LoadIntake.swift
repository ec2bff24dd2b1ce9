package import Catalog
internal import Foundation
internal import Synchronization

/// Where a server takes in the files of loads: a folder for each load under way, with its manifest.
///
/// Chunks continue where the last one ended, so that an upload that broke off resumes, over restarts of the server too;
/// nothing of a load counts before all of it is here and verified.
package final class LoadIntake: Sendable {
    /// Loads under way at once.
    package static let greatestLoads = 32
    package static let greatestFiles = 100_000
    /// A load that nobody continues for this long goes.
    package static let idleMicroseconds: Int64 = 24 * 3600 * 1_000_000

    private let directory: String
    private let loads: Mutex<[String: LoadUpload]>

    /// Finds what a former server took in. What belongs to no table of the catalog, or was adopted, goes.
    package init(directory: String, catalog: CatalogSnapshot, now: Int64) throws(BulkLoadError) {
        self.directory = directory
        var found: [String: LoadUpload] = [:]
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                let folder = "\(directory)/\(name)"
                if let upload = LoadUpload(foundIn: folder, id: name, now: now), upload.isWanted(by: catalog) {
                    found[name] = upload
                } else {
                    try FileManager.default.removeItem(atPath: folder)
                }
            }
        } catch {
            throw BulkLoadError(
                .storage, "looking through the loads in \(directory) failed: \(error.localizedDescription)",
                cause: error)
        }
        loads = Mutex(found)
    }

    /// Throws `adoptedAlready` where `begin` would.
    package static func checkIsNew(
        _ manifest: [UInt8], to table: TableEntry, _ terms: LoadTerms
    ) throws(BulkLoadError) {
        try LoadID(table: table, manifest: manifest).checkIsNew(to: table, terms)
    }

    /// Begins a load, or finds the one of the same manifest. Returns its id and the bytes of each file that are here.
    package func begin(
        manifest bytes: [UInt8], table: TableEntry, shardCount: Int, terms: LoadTerms = LoadTerms(), now: Int64
    ) throws(BulkLoadError) -> (load: String, received: [Int64]) {
        let manifest = try LoadManifest(decoding: bytes)
        try manifest.check(against: table, shardCount: shardCount)
        guard manifest.files.count <= Self.greatestFiles else {
            throw BulkLoadError(.wrongManifest, "a load has at most \(Self.greatestFiles) files")
        }
        let id = LoadID(table: table, manifest: bytes)
        try id.checkIsNew(to: table, terms)
        removeIdle(now: now)
        let upload = try loads.withLock { loads throws(BulkLoadError) in
            if let upload = loads[id.text] {
                try upload.accept(terms)
                return upload
            }
            guard loads.count < Self.greatestLoads else {
                throw BulkLoadError(.busy, "\(loads.count) loads are under way already")
            }
            try checkRoom(for: manifest)
            let upload = try LoadUpload(
                folder: "\(directory)/\(id.text)", id: id, manifest: manifest, bytes: bytes, terms: terms, now: now)
            loads[id.text] = upload
            return upload
        }
        return (id.text, upload.received)
    }

    /// Takes a chunk of a file and returns how many of its bytes are here. What was here before is not written again; a
    /// chunk that would leave a gap is refused with `wrongOffset`.
    package func write(
        load: String, file: Int, offset: Int64, data: UnsafeRawBufferPointer, now: Int64
    ) throws(BulkLoadError) -> Int64 {
        try upload(load).write(file: file, offset: offset, data: data, now: now)
    }

    /// Forgets a load and removes its files; nothing where there is none. All at once for others: the same load may begin anew in
    /// the same folder.
    package func remove(load: String) {
        loads.withLock { $0.removeValue(forKey: load)?.remove() }
    }

    /// As `remove(load:)`, of this very load: another one may have begun under its name, in its folder.
    func remove(_ upload: LoadUpload) {
        loads.withLock { loads in
            guard loads[upload.id.text] === upload else { return }
            loads[upload.id.text] = nil
            upload.remove()
        }
    }

    /// Tables write to the same disk: one that is sure to be full before the load is here is not filled.
    private func checkRoom(for manifest: LoadManifest) throws(BulkLoadError) {
        var disk = statvfs()
        guard statvfs(directory, &disk) == 0 else { return }
        let free = Int64(clamping: UInt64(disk.f_bavail) * UInt64(disk.f_frsize))
        guard free < manifest.bytes else { return }
        throw BulkLoadError(
            .diskFull, "the load takes \(manifest.bytes >> 20) MiB, and the disk of \(directory) has \(free >> 20)")
    }

    /// The load while it is under way.
    package func upload(_ load: String) throws(BulkLoadError) -> LoadUpload {
        guard let upload = loads.withLock({ $0[load] }) else {
            throw BulkLoadError(.notFound, "there is no load \(load) under way")
        }
        return upload
    }

    private func removeIdle(now: Int64) {
        loads.withLock { loads in
            for (id, idle) in loads where now - idle.lastUsed > Self.idleMicroseconds {
                loads[id] = nil
                idle.remove()
            }
        }
    }
}
