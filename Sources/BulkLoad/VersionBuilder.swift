internal import Bytes
package import Catalog
internal import Foundation
internal import Records
internal import Tables

/// A whole version, ready to be uploaded.
package struct BuiltVersion: Sendable {
    package let manifest: LoadManifest
    /// As it stands in the folder; what `BeginLoadRequest` carries.
    package let manifestBytes: [UInt8]
    /// In the manifest's order.
    package let files: [String]
}

/// Builds a version of a loaded table out of batch files, where the files are: reads and checks them, sorts their rows
/// outside memory, and writes files that a server can ingest.
///
/// A build that fails leaves nothing behind; one that is done is found again by the next build of the same files in the
/// same folder, so that an upload that broke off needs no second build.
package struct VersionBuilder: Sendable {
    package var descriptor: LoadDescriptor
    package var sources: SourceFiles
    /// What stands for NULL in CSV and TSV besides nothing.
    package var nullText: String?
    /// What source files call columns that have another name in the table.
    package var columnNames: [String: String]
    package let warnings = SourceWarnings()
    /// Where the category of a table that has one goes on.
    package var cut: Cut?
    /// For everything that grows with the rows; the rest takes a few MiB more.
    package var memoryBytes: Int
    package var folder: String
    package var fileBytes: Int
    private static let progressRows = 1 << 16

    package init(
        descriptor: LoadDescriptor, sources: SourceFiles, nullText: String? = nil, columnNames: [String: String] = [:],
        cut: Cut? = nil, folder: String, memoryBytes: Int = 1 << 30, fileBytes: Int = 64 << 20
    ) {
        self.descriptor = descriptor
        self.sources = sources
        self.nullText = nullText
        self.columnNames = columnNames
        self.cut = cut
        self.folder = folder
        self.memoryBytes = memoryBytes
        self.fileBytes = fileBytes
    }

    package func build(_ progress: (BuildProgress) -> Void = { _ in }) throws(BulkLoadError) -> BuiltVersion {
        let work = try WorkFolder(path: folder)
        if let built = try finished() { return built }
        try work.clear()
        do throws(BulkLoadError) {
            return try buildAnew(progress)
        } catch {
            // The reason is what counts, whether or not the rest can be removed.
            try? work.clear()
            throw error
        }
    }

    private func buildAnew(_ progress: (BuildProgress) -> Void) throws(BulkLoadError) -> BuiltVersion {
        let sort = ExternalSort(folder: folder, memoryBytes: memoryBytes)
        let read = try readSources(into: sort, progress)
        var output = VersionFiles(folder: folder, targetBytes: fileBytes, shardCount: descriptor.shardCount)
        var sampled = SampledRows(of: sort.count)
        var written: Int64 = 0
        try sort.handOver { key, value throws(BulkLoadError) in
            try output.put(key, value)
            sampled.take(key, value)
            written += 1
            if written % Int64(Self.progressRows) == 0 {
                progress(BuildProgress(phase: .writing, done: written, total: sort.count, rows: sort.count))
            }
        }
        let files = try output.finish()
        let manifest = LoadManifest(
            table: descriptor.table, shardCount: descriptor.shardCount, sources: read, nullText: nullText, cut: cut,
            files: files, shardRows: output.shardRows, shardBytes: output.shardBytes, nulls: [],
            samples: sampled.samples, duplicates: sort.duplicates, leftOut: 0)
        let bytes = try manifest.encoded()
        try WorkFolder.write(bytes, to: manifestPath)
        progress(BuildProgress(phase: .writing, done: sort.count, total: sort.count, rows: sort.count))
        return BuiltVersion(manifest: manifest, manifestBytes: bytes, files: files.map { "\(folder)/\($0.name)" })
    }

    private func readSources(
        into sort: ExternalSort, _ progress: (BuildProgress) -> Void
    ) throws(BulkLoadError) -> [LoadManifest.Source] {
        let encoder = StoredRowEncoder(descriptor)
        let columns = descriptor.sourceColumns
        var read: [LoadManifest.Source] = []
        var bytesBefore: Int64 = 0
        for (index, path) in sources.paths.enumerated() {
            let reader = SourceReader(
                source: sources.files[index], columns: columns,
                options: SourceOptions(nullText: nullText, columnNames: columnNames, warnings: warnings))
            var rows: Int64 = 0
            let (bytes, xxh3) = try reader.read { batch throws(BulkLoadError) in
                try encoder.encode(batch, file: index, firstRow: Int(rows), from: reader, into: sort)
                rows += Int64(batch.count)
                progress(
                    BuildProgress(
                        phase: .reading, done: bytesBefore + batch.bytesRead, total: sources.bytes, rows: sort.count))
            }
            bytesBefore += bytes
            read.append(LoadManifest.Source(name: name(of: path), bytes: bytes, xxh3: xxh3, rows: rows))
        }
        return read
    }

    private func name(of path: String) -> String {
        URL(fileURLWithPath: path).lastPathComponent
    }

    private var manifestPath: String { "\(folder)/\(LoadManifest.fileName)" }

    // MARK: What an earlier build left

    /// The version in the folder, where it was built for this table from these very files, and is whole.
    private func finished() throws(BulkLoadError) -> BuiltVersion? {
        guard let bytes = FileManager.default.contents(atPath: manifestPath).map({ [UInt8]($0) }),
            let manifest = try? LoadManifest(decoding: bytes),
            (try? manifest.check(against: descriptor.table, shardCount: descriptor.shardCount)) != nil,
            manifest.nullText == nullText, manifest.cut == cut, manifest.sources.count == sources.paths.count
        else { return nil }
        for (source, path) in zip(manifest.sources, sources.paths) {
            let (size, xxh3) = try ChunkedFile.measure(path)
            if source.bytes != size || source.xxh3 != xxh3 || source.name != name(of: path) { return nil }
        }
        let paths = manifest.files.map { "\(folder)/\($0.name)" }
        for (file, path) in zip(manifest.files, paths) {
            guard let found = try? ChunkedFile.measure(path), found == (file.bytes, file.xxh3) else { return nil }
        }
        return BuiltVersion(manifest: manifest, manifestBytes: bytes, files: paths)
    }
}

/// Turns a batch of source rows into storage keys and stored rows.
private struct StoredRowEncoder {
    let table: TableEntry
    let storageKey: StorageKey
    let encoder: UpsertRowEncoder

    init(_ descriptor: LoadDescriptor) {
        table = descriptor.table
        storageKey = StorageKey(of: table, shardCount: descriptor.shardCount)
        encoder = UpsertRowEncoder(of: table)
    }

    func encode(
        _ batch: SourceBatch, file: Int, firstRow: Int, from reader: SourceReader, into sort: ExternalSort
    ) throws(BulkLoadError) {
        let keyColumns = Array(batch.columns.prefix(table.keyColumns.count))
        let columns = Array(batch.columns.dropFirst(table.keyColumns.count))
        var encoded = encodeKeys(
            keyColumns, count: batch.count, leading: table.shardColumnCount, reserved: StorageKey.shardBytes)
        if let refused = encoded.refused.first {
            let names = zip(table.keyColumns, keyColumns).filter { _, column in
                if case .double(let value) = column.value(at: refused) { value.isNaN } else { false }
            }.map(\.0.name)
            throw batch.malformed(
                "column \(names.joined(separator: ", ")): NaN cannot be part of a key", row: refused, in: reader.path)
        }
        storageKey.fillShards(of: &encoded)
        var value = ByteWriter(capacity: 256)
        for row in 0..<batch.count {
            value.removeAll()
            encoder.encode(columns, row: row, order: .batch(file: file, row: firstRow + row), into: &value)
            try append(encoded.keys, row, value, to: sort)
        }
    }

    private func append(
        _ keys: ByteStrings, _ row: Int, _ value: ByteWriter, to sort: ExternalSort
    ) throws(BulkLoadError) {
        let result = keys.arena.withUnsafeBytes { arena in
            value.bytes.withUnsafeBytes { value -> Result<Void, BulkLoadError> in
                do throws(BulkLoadError) {
                    let key = UnsafeRawBufferPointer(rebasing: arena[keys.range(at: row)])
                    return .success(try sort.append(key: key, value: value))
                } catch {
                    return .failure(error)
                }
            }
        }
        try result.get()
    }
}
