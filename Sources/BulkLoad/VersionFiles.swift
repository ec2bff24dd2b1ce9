internal import Foundation
internal import RocksDB
internal import Tables

/// Writes sorted rows into files for ingestion, each a range of shards.
///
/// A file ends with its shard once it is large enough; a shard that is far larger than that is split.
struct VersionFiles {
    private let folder: String
    /// Of all its files.
    private let prefix: String
    private let targetBytes: Int
    private let shardLimitBytes: Int
    private var current: Current?
    private(set) var files: [LoadManifest.File] = []

    private struct Current {
        var name: String
        var writer: SSTWriter
        var bytes = 0
        var rows: Int64 = 0
        var firstShard: Int
        var lastShard: Int
    }

    init(folder: String, prefix: String, targetBytes: Int) {
        self.folder = folder
        self.prefix = prefix
        self.targetBytes = targetBytes
        shardLimitBytes = targetBytes * 4
    }

    /// Keys come in ascending order, those of one shard after those of another.
    mutating func put(
        shard: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(BulkLoadError) {
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
    }

    mutating func finish() throws(BulkLoadError) -> [LoadManifest.File] {
        try finishCurrent()
        return files
    }

    private func start(_ shard: Int) throws(BulkLoadError) -> Current {
        let name = prefix + Self.name(of: files.count)
        do {
            let writer = try SSTWriter(path: "\(folder)/\(name)", options: TableStore.loadFileOptions)
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
        "\(digits(index + 1, 6)).sst"
    }

    static func digits(_ number: Int, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }
}
