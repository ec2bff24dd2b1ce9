internal import Foundation
internal import RocksDB

// The catalog's own store is a small RocksDB, `default` family only:
//
//   format            the version of all this, in decimal; a folder with a greater one is refused
//   shards            the shard count, in decimal
//   next/<kind>       the next id of a kind, in decimal
//   <kind>/<id>       an entry as JSON with sorted keys; kinds are category, table and app
//
// JSON, because a catalog is small, lives for years, gains fields, and has to be readable when something is wrong.
enum CatalogFormat {
    static let version = 1
    static let databaseOptions = DatabaseOptions(
        blockCacheBytes: 8 << 20, writeBufferBytes: 4 << 20, maxOpenFiles: 64, maxTotalWALBytes: 16 << 20)
    static let familyOptions = FamilyOptions()

    private static let formatKey = "format"
    private static let shardsKey = "shards"

    private enum Kind: String {
        case category, table, app

        var counterKey: String { "next/\(rawValue)" }

        func key(_ id: UInt32) -> String { "\(rawValue)/\(id)" }
    }

    /// Reads everything; what is empty is made a catalog first.
    static func read(
        from database: Database, _ family: Family, newShardCount: Int
    ) throws(CatalogError) -> CatalogSnapshot {
        let stored = try allValues(of: database, family)
        if stored.isEmpty {
            try make(in: database, family, shardCount: newShardCount)
            return CatalogSnapshot(shardCount: newShardCount)
        }
        let format: Int = try number(stored[formatKey], formatKey)
        guard format <= version else {
            throw CatalogError(
                .newerFormat,
                "the data folder was written by a newer Maser (catalog format \(format), this one knows \(version))")
        }
        var snapshot = CatalogSnapshot(shardCount: try number(stored[shardsKey], shardsKey))
        snapshot.raiseCounters(
            category: try counter(.category, in: stored), table: try counter(.table, in: stored),
            app: try counter(.app, in: stored))
        for (key, value) in stored {
            switch key.split(separator: "/").first.flatMap({ Kind(rawValue: String($0)) }) {
            case .category: try snapshot.put(try decode(CategoryEntry.self, key, value))
            case .table: try snapshot.put(try decode(TableEntry.self, key, value))
            case .app: try snapshot.put(try decode(AppEntry.self, key, value))
            case nil: continue
            }
        }
        return snapshot
    }

    static func write(
        changesFrom before: CatalogSnapshot, to after: CatalogSnapshot, into batch: inout WriteBatch, _ family: Family
    ) throws(CatalogError) {
        try write(.category, before.categories, after.categories, into: &batch, family)
        try write(.table, before.tables, after.tables, into: &batch, family)
        try write(.app, before.apps, after.apps, into: &batch, family)
        let counters = [
            (Kind.category, before.nextCategoryID, after.nextCategoryID),
            (Kind.table, before.nextTableID, after.nextTableID), (Kind.app, before.nextAppID, after.nextAppID),
        ]
        for (kind, old, new) in counters where old != new { put(kind.counterKey, String(new), into: &batch, family) }
    }

    private static func write<Entry: Encodable & Equatable>(
        _ kind: Kind, _ old: [UInt32: Entry], _ new: [UInt32: Entry], into batch: inout WriteBatch, _ family: Family
    ) throws(CatalogError) {
        for (id, entry) in new where old[id] != entry {
            batch.put(Array(kind.key(id).utf8), try encode(entry, kind.key(id)), in: family)
        }
        for id in old.keys where new[id] == nil { batch.delete(Array(kind.key(id).utf8), in: family) }
    }

    private static func put(_ key: String, _ value: String, into batch: inout WriteBatch, _ family: Family) {
        batch.put(Array(key.utf8), Array(value.utf8), in: family)
    }

    private static func make(in database: Database, _ family: Family, shardCount: Int) throws(CatalogError) {
        var batch = WriteBatch()
        put(formatKey, String(version), into: &batch, family)
        put(shardsKey, String(shardCount), into: &batch, family)
        do {
            try database.write(batch, sync: true)
        } catch {
            throw CatalogError(storage: error, "making the catalog")
        }
    }

    private static func allValues(of database: Database, _ family: Family) throws(CatalogError) -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        do {
            let rows = try database.iterator(in: family)
            try rows.seekToFirst()
            while rows.isValid {
                values[String(decoding: rows.key, as: UTF8.self)] = [UInt8](rows.value)
                try rows.next()
            }
        } catch {
            throw CatalogError(storage: error, "reading the catalog")
        }
        return values
    }

    private static func counter(_ kind: Kind, in stored: [String: [UInt8]]) throws(CatalogError) -> UInt32 {
        guard let text = stored[kind.counterKey] else { return 1 }
        return try number(text, kind.counterKey)
    }

    private static func number<N: FixedWidthInteger>(_ text: [UInt8]?, _ key: String) throws(CatalogError) -> N {
        guard let text, let number = N(String(decoding: text, as: UTF8.self)) else {
            throw CatalogError(.corruption, "the catalog's \(key) is missing or is no number")
        }
        return number
    }

    private static func encode(_ entry: some Encodable, _ key: String) throws(CatalogError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(entry))
        } catch {
            throw CatalogError(.invalidArgument, "the catalog entry \(key) cannot be written: \(error)", cause: error)
        }
    }

    private static func decode<Entry: Decodable>(
        _ type: Entry.Type, _ key: String, _ value: [UInt8]
    ) throws(CatalogError) -> Entry {
        do {
            return try JSONDecoder().decode(type, from: Data(value))
        } catch {
            throw CatalogError(.corruption, "the catalog entry \(key) cannot be read: \(error)", cause: error)
        }
    }
}
