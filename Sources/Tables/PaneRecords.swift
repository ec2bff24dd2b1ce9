internal import Bytes
internal import Records
internal import RocksDB

// What the family `panes` holds for the outputs that emit panes of a table:
//
//   u32 table                              -> byte 1, varint round, varint sequence, varint bound, byte isOpen,
//                                             varint limit
//   u32 table, i64 pane start, key tuple   -> empty: the pane waits to be emitted
//
// Integers in keys have their high byte first, and the sign bit of a start is turned over, so that starts ascend.
enum PaneRecords {
    static let family = "panes"
    private static let emissionVersion: UInt8 = 1
    private static let signBit: UInt64 = 1 << 63

    static func emissionKey(_ table: UInt32) -> [UInt8] {
        var writer = ByteWriter(capacity: 4)
        writer.append(bigEndian: table)
        return writer.bytes
    }

    /// What the keys of all markers of a pane start begin with.
    static func markerPrefix(_ table: UInt32, start: Int64) -> [UInt8] {
        var writer = ByteWriter(capacity: 12)
        writer.append(bigEndian: table)
        writer.append(bigEndian: UInt64(bitPattern: start) ^ signBit)
        return writer.bytes
    }

    /// One past the last key of a table; nil where none can be.
    static func end(ofTable table: UInt32) -> [UInt8]? {
        table == .max ? nil : emissionKey(table + 1)
    }

    /// The table of any key of the family; nil for what is none.
    static func table(of key: UnsafeRawBufferPointer) -> UInt32? {
        var reader = ByteReader(key)
        return try? reader.readBigEndian()
    }

    static func marker(_ key: UnsafeRawBufferPointer) throws(TablesError) -> (start: Int64, key: UnsafeRawBufferPointer)
    {
        do {
            var reader = ByteReader(key, at: MemoryLayout<UInt32>.size)
            let start = Int64(bitPattern: try reader.readBigEndian(UInt64.self) ^ signBit)
            return (start, reader.rest)
        } catch {
            throw TablesError(.corruption, "a marked pane cannot be read: \(error)", cause: error)
        }
    }

    static func value(of emission: PaneEmission) -> [UInt8] {
        var writer = ByteWriter(capacity: 32)
        writer.append(emissionVersion)
        writer.append(varint: emission.round)
        writer.append(varint: UInt64(bitPattern: emission.sequence))
        writer.append(varint: UInt64(bitPattern: emission.bound))
        writer.append(emission.isOpen ? 1 : 0)
        writer.append(varint: UInt64(emission.limit))
        return writer.bytes
    }

    static func emission(_ value: UnsafeRawBufferPointer) throws(TablesError) -> PaneEmission {
        do {
            var reader = ByteReader(value)
            guard try reader.readByte() == emissionVersion else {
                throw BytesError(.malformed, "it has an unknown format")
            }
            return PaneEmission(
                round: try reader.readVarint(), sequence: Int64(bitPattern: try reader.readVarint()),
                bound: Int64(bitPattern: try reader.readVarint()), isOpen: try reader.readByte() != 0,
                limit: Int(clamping: try reader.readVarint()))
        } catch {
            throw TablesError(.corruption, "how far panes were emitted cannot be read: \(error)", cause: error)
        }
    }

    static func put(_ changes: PaneChanges, into batch: inout WriteBatch, _ family: Family) {
        // First what goes: a pane that was emitted may have changed since, and waits again.
        forEachKey(of: changes.emitted, changes.table) { batch.delete($0, in: family) }
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        forEachKey(of: changes.pending, changes.table) { batch.put($0, empty, in: family) }
        if let emission = changes.emission {
            batch.put(emissionKey(changes.table), value(of: emission), in: family)
        }
    }

    private static func forEachKey(
        of markers: PaneMarkers, _ table: UInt32, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        var writer = ByteWriter(capacity: 64)
        markers.keys.arena.withUnsafeBytes { arena in
            for index in 0..<markers.count {
                writer.removeAll()
                writer.append(bigEndian: table)
                writer.append(bigEndian: UInt64(bitPattern: markers.starts[index]) ^ signBit)
                writer.append(contentsOf: UnsafeRawBufferPointer(rebasing: arena[markers.keys.range(at: index)]))
                writer.bytes.withUnsafeBytes { body($0) }
            }
        }
    }
}
