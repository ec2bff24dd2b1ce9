package import Bytes
package import Catalog
internal import Foundation
internal import Records
package import Tables

// A partial as a line of text, for engines that move lines between processes: Protocols/partials.md. The first field, up to the
// tab, is the same for all partials of one key and sorts as the keys do. The second tells states of this very statement from
// those of another one under its name: they would combine, to something that nobody asked for.

/// Writes partials of tables as lines, and reads them back.
package struct PartialLines {
    private struct Table {
        var entry: TableEntry
        /// Before the key in hexadecimal digits.
        var start: [UInt8]
        /// Between key and state.
        var middle: [UInt8]
        var check: PartialCheck
        var storageKey: StorageKey
    }

    private let tables: [Table]

    package init(_ tables: [TableEntry]) throws(BulkLoadError) {
        var known: [Table] = []
        for entry in tables {
            let digits = String(try definition(of: entry), radix: 16)
            known.append(
                Table(
                    entry: entry, start: Array("\(entry.name):".utf8),
                    middle: Array("\t\(String(repeating: "0", count: 16 - digits.count) + digits)\t".utf8),
                    check: PartialCheck(of: entry),
                    storageKey: StorageKey(of: entry, shardCount: BatchStore.shardCount)))
        }
        self.tables = known
    }

    // MARK: Writing

    package func append(_ merges: VersionMerges, to writer: inout ByteWriter) {
        guard let table = tables.first(where: { $0.entry.id == merges.table }) else { return }
        for index in 0..<merges.keys.count {
            let key = merges.keys[index].dropFirst(StorageKey.shardBytes)
            append(table, key, merges.operands[index], to: &writer)
        }
    }

    package func append(_ states: StoredStates, of entry: TableEntry, to writer: inout ByteWriter) {
        guard let table = tables.first(where: { $0.entry.id == entry.id }) else { return }
        for index in 0..<states.keys.count {
            append(table, states.keys[index], states.values[index], to: &writer)
        }
    }

    private func append(
        _ table: Table, _ key: ArraySlice<UInt8>, _ state: ArraySlice<UInt8>, to writer: inout ByteWriter
    ) {
        writer.append(contentsOf: table.start)
        for byte in key {
            writer.append(HexDigits.all[Int(byte >> 4)])
            writer.append(HexDigits.all[Int(byte & 15)])
        }
        writer.append(contentsOf: table.middle)
        Base64.append(state, to: &writer)
        writer.append(UInt8(ascii: "\n"))
    }

    // MARK: Reading

    /// Reads the lines of a file, or of standard input where the path is `-`, in whatever order they stand, and hands over what is
    /// to be merged. A line that is no partial of these tables is `refused`. `passedOver`: names of tables whose lines are left out.
    package func read(
        _ path: String, passingOver passedOver: Set<String> = [], progress: (Int64) -> Void = { _ in },
        refused: (SourcePlace, String) throws -> Void, partials: ([VersionMerges]) throws -> Void
    ) throws -> Int {
        let starts = passedOver.map { Array("\($0):".utf8) }
        var count = 0
        try LineChunk.read(path) { chunk, file, bytesRead in
            var parsed = tables.map { (keys: ByteStrings(), operands: ByteStrings(), table: $0) }
            try chunk.values.arena.withUnsafeBytes { bytes in
                for index in 0..<chunk.values.count {
                    let line = UnsafeRawBufferPointer(rebasing: bytes[chunk.values.range(at: index)])
                    if starts.contains(where: { line.starts(with: $0) }) { continue }
                    count += 1
                    if let reason = parse(line, into: &parsed) {
                        try refused(SourcePlace(file: file, line: chunk.lines[index]), reason)
                    }
                }
            }
            let merges = parsed.filter { $0.keys.count > 0 }.map { parsed in
                VersionMerges(
                    table: parsed.table.entry.id, version: parsed.table.entry.servingVersion, keys: parsed.keys,
                    operands: parsed.operands)
            }
            if !merges.isEmpty { try partials(merges) }
            progress(bytesRead)
        }
        return count
    }

    /// Why the line is no partial; nil where it was taken.
    private func parse(
        _ line: UnsafeRawBufferPointer, into parsed: inout [(keys: ByteStrings, operands: ByteStrings, table: Table)]
    ) -> String? {
        guard let index = tables.firstIndex(where: { line.starts(with: $0.start) }) else {
            return "the line is no partial of \(tables.map(\.entry.name).joined(separator: " or "))"
        }
        let table = tables[index]
        let rest = UnsafeRawBufferPointer(rebasing: line[table.start.count...])
        guard let tab = rest.firstIndex(of: UInt8(ascii: "\t")),
            let key = HexDigits.decode(UnsafeRawBufferPointer(rebasing: rest[..<tab]))
        else { return "the key is not in hexadecimal digits" }
        let tail = UnsafeRawBufferPointer(rebasing: rest[tab...])
        guard tail.starts(with: table.middle) else {
            return "the state was made for another definition of table \(table.entry.name)"
        }
        guard let state = Base64.decode(UnsafeRawBufferPointer(rebasing: tail[table.middle.count...])) else {
            return "the state is not in base64"
        }
        let reason = key.withUnsafeBytes { key in
            state.withUnsafeBytes { table.check.reason(against: key, $0) }
        }
        if let reason { return reason }
        do {
            try table.storageKey.encode(ByteStrings(arena: key, ends: [key.count]), into: &parsed[index].keys)
        } catch {
            return error.message
        }
        parsed[index].operands.append(state)
        return nil
    }
}

/// What has to be the same for states to mean the same.
private func definition(of table: TableEntry) throws(BulkLoadError) -> UInt64 {
    struct Definition: Encodable {
        var keyColumns: [KeyColumn]
        var stateFields: [StateField]
        var pane: Pane?
        var source: TableSource
    }
    let definition = Definition(
        keyColumns: table.keyColumns, stateFields: table.stateFields, pane: table.pane, source: table.source.portable)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
        return xxh3([UInt8](try encoder.encode(definition)))
    } catch {
        throw BulkLoadError(.wrongPlan, "table \(table.name) has no definition: \(error)", cause: error)
    }
}

extension TableSource {
    /// Without the ids of joined tables, which each catalog gives in its own order.
    fileprivate var portable: TableSource {
        func portable(_ joins: [JoinClause]) -> [JoinClause] {
            joins.map { join in
                var join = join
                join.tableID = 0
                return join
            }
        }
        switch self {
        case .loads: return self
        case .upsert(var query):
            query.joins = portable(query.joins)
            return .upsert(query)
        case .aggregate(var query):
            query.joins = portable(query.joins)
            return .aggregate(query)
        }
    }
}

/// Digits that sort as the bytes do.
private enum HexDigits {
    static let all = [UInt8]("0123456789abcdef".utf8)

    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
