internal import Foundation
internal import RocksDB
internal import Tables

/// Writes sorted rows into files for ingestion, each a range of shards.
///
/// A file ends with its shard once it is large enough; a shard that is far larger than that is split.
struct VersionFiles {
    private let folder: String
    private let targetBytes: Int
    private let shardLimitBytes: Int
    private var current: Current?
    private(set) var files: [LoadManifest.File] = []
    /// Of each shard.
    private(set) var shardRows: [Int64]
    private(set) var shardBytes: [Int64]

    private struct Current {
        var name: String
        var writer: SSTWriter
        var bytes = 0
        var rows: Int64 = 0
        var firstShard: Int
        var lastShard: Int
    }

    init(folder: String, targetBytes: Int, shardCount: Int) {
        self.folder = folder
        self.targetBytes = targetBytes
        shardLimitBytes = targetBytes * 4
        shardRows = [Int64](repeating: 0, count: shardCount)
        shardBytes = shardRows
    }

    mutating func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(BulkLoadError) {
        let shard = Int(key[0]) << 8 | Int(key[1])
        if let current, current.bytes >= (shard == current.lastShard ? shardLimitBytes : targetBytes) {
            try finishCurrent()
        }
        if current == nil { current = try start(shard) }
        do throws(RocksDBError) {
            try current?.writer.put(key, value)
        } catch {
            throw BulkLoadError(storage: error, "writing \(folder)")
        }
        current?.bytes += key.count + value.count
        current?.rows += 1
        current?.lastShard = shard
        shardRows[shard] += 1
        shardBytes[shard] += Int64(key.count + value.count)
    }

    mutating func finish() throws(BulkLoadError) -> [LoadManifest.File] {
        try finishCurrent()
        return files
    }

    private func start(_ shard: Int) throws(BulkLoadError) -> Current {
        let name = Self.name(of: files.count)
        do {
            // The options of the family that takes the file in.
            let writer = try SSTWriter(path: "\(folder)/\(name)", options: FamilyOptions())
            return Current(name: name, writer: writer, firstShard: shard, lastShard: shard)
        } catch {
            throw BulkLoadError(storage: error, "making \(folder)/\(name)")
        }
    }

    private mutating func finishCurrent() throws(BulkLoadError) {
        guard let done = current.take() else { return }
        do throws(RocksDBError) {
            _ = try done.writer.finish()
        } catch {
            throw BulkLoadError(storage: error, "writing \(folder)/\(done.name)")
        }
        let (bytes, xxh3) = try ChunkedFile.measure("\(folder)/\(done.name)")
        files.append(
            LoadManifest.File(
                name: done.name, bytes: bytes, rows: done.rows, xxh3: xxh3, firstShard: done.firstShard,
                lastShard: done.lastShard))
    }

    /// The name of a version's file by its place in the manifest.
    static func name(of index: Int) -> String {
        let digits = String(index + 1)
        return String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + ".sst"
    }
}
