internal import Bytes
package import Catalog
internal import Foundation
package import Records

/// What whoever builds a version has to know of its table, so that it can be built where no server is: `maser describe TABLE
/// --descriptor` prints it as JSON.
package struct LoadDescriptor: Codable, Hashable, Sendable {
    package static let currentFormat = 1

    package var format: Int
    /// Without its versions.
    package var table: TableEntry
    package var shardCount: Int
    /// What the table's query is over; nil where only loads fill the table.
    package var input: InputTableEntry?
    /// Of `input`.
    package var category: Category?
    /// The tables that the query joins, without their versions.
    package var joined: [TableEntry]

    package struct Category: Codable, Hashable, Sendable {
        package var name: String
        package var id: UInt32
        package var bucketCount: Int

        package init(_ category: CategoryEntry) {
            name = category.name
            id = category.id
            bucketCount = category.bucketCount
        }
    }

    package init(
        table: TableEntry, shardCount: Int, input: InputTableEntry? = nil, category: Category? = nil,
        joined: [TableEntry] = []
    ) {
        format = Self.currentFormat
        self.table = table.withoutVersions
        self.shardCount = shardCount
        self.input = input
        self.category = category
        self.joined = joined.map(\.withoutVersions)
    }

    package func encoded() throws(BulkLoadError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            throw BulkLoadError(.storage, "the descriptor of \(table.name) cannot be written", cause: error)
        }
    }

    package init(decoding bytes: [UInt8]) throws(BulkLoadError) {
        do {
            self = try JSONDecoder().decode(LoadDescriptor.self, from: Data(bytes))
        } catch {
            throw BulkLoadError(
                .wrongPlan, "the descriptor cannot be read: it is not what `maser describe TABLE --descriptor` prints",
                cause: error)
        }
        guard format == Self.currentFormat else {
            throw BulkLoadError(.wrongPlan, "the descriptor has format \(format); wanted is \(Self.currentFormat)")
        }
        guard 1...1 << 15 ~= shardCount, 0...table.keyColumns.count ~= table.shardColumnCount,
            table.source.inputTable == nil || input != nil
        else { throw BulkLoadError(.wrongPlan, "the descriptor of \(table.name) contradicts itself") }
    }

    /// What a row of a source file has: a loaded table's own columns, key columns first; else those of what the table's query is
    /// over, so that the table's own plan makes its rows.
    package var sourceColumns: [InputColumn] {
        if let input { return input.columns }
        return table.keyColumns.map { InputColumn(name: $0.name, type: $0.type, path: [$0.name]) }
            + table.columns.map { InputColumn(name: $0.name, type: $0.type, path: [$0.name]) }
    }
}

extension LoadDescriptor {
    /// Of what decides what rows a build makes of the same files: it stays when versions come and go, or limits and statements
    /// change that make the same rows.
    func rowsChecksum() throws(BulkLoadError) -> Checksum {
        var rows = self
        rows.table = table.asRows
        rows.joined = joined.map(\.asRows)
        rows.category = nil
        rows.input?.start = .earliest
        rows.input?.startOffsets = nil
        return Checksum(xxh3(try rows.encoded()))
    }
}

extension TableEntry {
    /// Nor what loads before have left in it.
    fileprivate var withoutVersions: TableEntry {
        var table = self
        table.versions = []
        table.servingVersion = 0
        table.nextVersion = 1
        table.loadLimits = nil
        table.adoptedLoads = nil
        return table
    }

    /// Without what does not change its rows; a table in a descriptor that somebody else wrote may have all of it.
    fileprivate var asRows: TableEntry {
        var table = withoutVersions.adopted(by: nil, sql: "")
        table.lifetimeMicroseconds = nil
        return table
    }
}
