internal import Catalog
internal import Foundation
internal import RocksDB
internal import Tables

/// A catalog and a table store that serve one batch, in a folder that whoever gave it removes.
struct BatchStore {
    /// Nothing is spread here: rows of one shard stand, and are read, in the order of their keys.
    static let shardCount = 1
    private static let memoryBytes = 256 << 20

    let tables: TableStore

    /// Of every table the version that serves is made.
    init(folder: String, _ entries: [TableEntry]) throws(BulkLoadError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let catalog = try CatalogStore(directory: "\(folder)/catalog", shardCount: Self.shardCount)
            try catalog.update { snapshot in
                for entry in entries { try snapshot.put(entry) }
            }
            tables = try TableStore(directory: "\(folder)/tables", catalog: catalog, memoryBytes: Self.memoryBytes)
        } catch {
            throw BulkLoadError(batch: error, "making a table store in \(folder)")
        }
    }
}

extension BulkLoadError {
    init(batch error: any Error, _ doing: String) {
        switch error {
        case let error as BulkLoadError: self = error
        case let error as TablesError:
            let isFull = error.code == .diskFull || (error.cause as? RocksDBError)?.code == .noSpace
            self.init(isFull ? .diskFull : .storage, error.message, cause: error)
        default: self.init(.storage, "\(doing): \(error)", cause: error)
        }
    }
}
