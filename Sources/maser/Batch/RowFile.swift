internal import BulkLoad
internal import Bytes
internal import Catalog
internal import Foundation
internal import RPC
internal import Records

/// A row as people and programs read it: key columns first.
typealias RowFields = [(name: String, value: Value)]

extension BatchTables {
    /// The rows of a table as `maser scan` would show them.
    func eachRow(of entry: TableEntry, _ body: (RowFields) throws -> Void) throws {
        let table = ServedTable(entry)
        let columns = table.allColumns
        try rows(of: entry) { key, message in
            let values = try table.keyValues(key) + table.rowValues(message)
            try body(zip(columns, values).map { ($0.name, $1) })
        }
    }
}

/// A file of rows, a JSON object a line, that is there whole or not at all.
final class RowFile {
    private static let flushBytes = 1 << 20

    private let path: String
    private let handle: FileHandle
    private var pending = ByteWriter()

    init(folder: String, table: String) throws {
        path = "\(folder)/\(table).jsonl"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let unfinished = URL(fileURLWithPath: path + ".part")
            try Data().write(to: unfinished)
            handle = try FileHandle(forWritingTo: unfinished)
        } catch {
            throw CommandError("cannot write \(path): \(systemReason(error))")
        }
    }

    func append(_ fields: RowFields) throws {
        JSONText.append(object: fields, to: &pending)
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= Self.flushBytes { try flush() }
    }

    func finish() throws {
        try flush()
        do {
            try handle.close()
        } catch {
            throw CommandError("cannot write \(path): \(systemReason(error))")
        }
        if rename(path + ".part", path) != 0 {
            throw CommandError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    private func flush() throws {
        do {
            try handle.write(contentsOf: pending.bytes)
        } catch {
            throw CommandError("cannot write \(path): \(systemReason(error))")
        }
        pending.removeAll()
    }
}
