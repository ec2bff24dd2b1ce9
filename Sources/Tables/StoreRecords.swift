internal import Bytes
internal import RocksDB

// What the table store keeps about itself, beside the families of the tables:
//
//   family `default`     "format" -> the format version in decimal
//                        "complete" u32 table, u32 version -> empty: the load's files are in the family, all of them
//   family `positions`   u32 table, u32 version, u32 category, u32 bucket -> byte 1, varint offset, varint append time
//                        u32 0, u32 output category, u32 category, u32 bucket -> the same; no table has the id 0
//   family `panes`       see `PaneRecords`
//
// Integers in keys have their high byte first.
enum StoreRecords {
    /// 2: positions of output categories, and panes that wait to be emitted.
    static let formatVersion = 2
    static let defaultFamily = "default"
    static let positionsFamily = "positions"
    static let formatKey = Array("format".utf8)
    private static let markPrefix = Array("complete".utf8)
    private static let positionVersion: UInt8 = 1

    static func familyName(_ id: VersionID) -> String { "t\(id.table).v\(id.version)" }

    /// nil where the family is not one of a table.
    static func versionID(ofFamily name: String) -> VersionID? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].first == "t", parts[1].first == "v",
            let table = UInt32(parts[0].dropFirst()), let version = UInt32(parts[1].dropFirst())
        else { return nil }
        return VersionID(table: table, version: version)
    }

    static func markKey(_ id: VersionID) -> [UInt8] {
        markPrefix + positionPrefix(.table(id))
    }

    /// nil where the key is not a mark's.
    static func versionID(ofMark key: UnsafeRawBufferPointer) -> VersionID? {
        guard key.starts(with: markPrefix) else { return nil }
        var reader = ByteReader(key, at: markPrefix.count)
        return try? readVersion(&reader)
    }

    /// What the keys of all positions of a sink begin with.
    static func positionPrefix(_ sink: SinkID) -> [UInt8] {
        let parts = numbers(of: sink)
        var writer = ByteWriter(capacity: 16)
        writer.append(bigEndian: parts.0)
        writer.append(bigEndian: parts.1)
        return writer.bytes
    }

    private static func numbers(of sink: SinkID) -> (UInt32, UInt32) {
        switch sink {
        case .table(let id): (id.table, id.version)
        case .category(let id): (0, id)
        }
    }

    static func put(_ position: StoredPosition, into batch: inout WriteBatch, _ family: Family) {
        var key = ByteWriter(capacity: 16)
        key.append(contentsOf: positionPrefix(position.sink))
        key.append(bigEndian: position.category)
        key.append(bigEndian: UInt32(truncatingIfNeeded: position.bucket))
        var value = ByteWriter(capacity: 20)
        value.append(positionVersion)
        value.append(varint: UInt64(bitPattern: position.offset))
        value.append(varint: UInt64(bitPattern: position.appendTime))
        batch.put(key.bytes, value.bytes, in: family)
    }

    /// The order of the positions' keys.
    static func ascend(_ a: StoredPosition, _ b: StoredPosition) -> Bool {
        let (first, second) = (numbers(of: a.sink), numbers(of: b.sink))
        return first == second ? (a.category, a.bucket) < (b.category, b.bucket) : first < second
    }

    static func position(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(TablesError)
        -> StoredPosition
    {
        do {
            var keyReader = ByteReader(key)
            let id = try readVersion(&keyReader)
            let category = try keyReader.readBigEndian(UInt32.self)
            let bucket = try keyReader.readBigEndian(UInt32.self)
            var reader = ByteReader(value)
            guard try reader.readByte() == positionVersion else {
                throw BytesError(.malformed, "a position has an unknown format")
            }
            return StoredPosition(
                sink: id.table == 0 ? .category(id.version) : .table(id), category: category, bucket: Int(bucket),
                offset: Int64(bitPattern: try reader.readVarint()),
                appendTime: Int64(bitPattern: try reader.readVarint()))
        } catch {
            throw TablesError(.corruption, "a stored position cannot be read: \(error)", cause: error)
        }
    }

    private static func readVersion(_ reader: inout ByteReader) throws(BytesError) -> VersionID {
        VersionID(table: try reader.readBigEndian(), version: try reader.readBigEndian())
    }
}
