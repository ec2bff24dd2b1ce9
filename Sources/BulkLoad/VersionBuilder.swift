internal import Bytes
package import Catalog
internal import Foundation

/// Builds a version of a table out of batch files, where the files are: reads and checks them, makes the table's rows of them,
/// sorts these outside memory, and writes files that a server can ingest. It needs no server.
///
/// A build that was killed goes on where it was when it is called again with the same files, in the same folder; one that is done
/// is found again, so that an upload that broke off needs no second build. What it is refused for leaves nothing behind.
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
    /// What the table's query joins.
    package var joined: JoinedTables
    /// For everything that grows with the rows; the rest takes some MiB more.
    package var memoryBytes: Int
    package var folder: String
    package var fileBytes: Int
    /// Called at every step, by any thread; what it throws ends the build as a kill does.
    package var step: @Sendable (BuildStep) throws(BulkLoadError) -> Void = { _ in }

    package init(
        descriptor: LoadDescriptor, sources: SourceFiles, nullText: String? = nil, columnNames: [String: String] = [:],
        cut: Cut? = nil, joined: JoinedTables = JoinedTables(), folder: String, memoryBytes: Int = 1 << 30,
        fileBytes: Int = 64 << 20
    ) {
        self.descriptor = descriptor
        self.sources = sources
        self.nullText = nullText
        self.columnNames = columnNames
        self.cut = cut
        self.joined = joined
        self.folder = folder
        self.memoryBytes = memoryBytes
        self.fileBytes = fileBytes
    }

    package func build(_ progress: (BuildProgress) -> Void = { _ in }) throws(BulkLoadError) -> BuiltVersion {
        try check()
        do throws(BulkLoadError) {
            let work = try WorkFolder(path: folder)
            do throws(BulkLoadError) {
                return try build(in: work, progress)
            } catch {
                // The reason is what counts, whether or not the rest can be removed. What was not finished on a full disk only
                // takes room.
                if error.code == .diskFull {
                    try? work.clear(except: BuildJournal.fileNames(in: work))
                } else if !error.leavesBuild {
                    try? work.clear()
                }
                throw error
            }
        } catch {
            throw error.code == .diskFull ? fullDisk(error) : error
        }
    }

    private func build(
        in work: WorkFolder, _ progress: (BuildProgress) -> Void
    ) throws(BulkLoadError) -> BuiltVersion {
        let journal = try BuildJournal(work, try identity())
        if var built = finished(journal) {
            built.lock = work.lock
            try work.clear(except: Set(built.manifest.files.map(\.name)))
            return built
        }
        let manifest = try VersionBuild(self, work, journal).run(progress)
        let bytes = try manifest.encoded()
        try WorkFolder.write(bytes, to: "\(folder)/\(LoadManifest.fileName)")
        try step(.manifestWritten)
        let built = BuiltVersion(
            manifest: manifest, manifestBytes: bytes, files: manifest.files.map { "\(folder)/\($0.name)" },
            lock: work.lock)
        // Runs have done their part. The journal stays: it says what the version was built of.
        try work.clear(except: Set(manifest.files.map(\.name)))
        return built
    }

    private func fullDisk(_ error: BulkLoadError) -> BulkLoadError {
        BulkLoadError(
            .diskFull,
            "the disk of \(folder) is full: make room there and do the same again, which goes on after what is finished "
                + "(\(error.message))", cause: error)
    }

    var sourceOptions: SourceOptions {
        SourceOptions(nullText: nullText, columnNames: columnNames, warnings: warnings)
    }

    func makeEncoder(partialsBytes: Int) throws(BulkLoadError) -> any RowEncoder {
        guard let input = descriptor.input else { return LoadedRows(descriptor) }
        let end: Int64? = if case .eventTime(let time) = cut { time } else { nil }
        return try PlannedRows(descriptor, input, joined: joined, end: end, memoryBytes: partialsBytes)
    }

    private func identity() throws(BulkLoadError) -> BuildIdentity {
        let options =
            ["null:\(nullText ?? "")", nullText == nil ? "none" : "some"]
            + columnNames.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return BuildIdentity(
            descriptor: try descriptor.rowsChecksum(),
            sources: sources.files.map { file in
                BuildIdentity.Source(
                    path: file.path, bytes: file.bytes, modifiedNanoseconds: Self.modifiedNanoseconds(file.path))
            },
            options: Checksum(xxh3(Array(options.joined(separator: "\n").utf8))), cut: cut, joined: joined.sources,
            fileBytes: fileBytes)
    }

    private static func modifiedNanoseconds(_ path: String) -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// The version in the folder, where it was built of this, and is whole.
    private func finished(_ journal: BuildJournal) -> BuiltVersion? {
        guard !journal.found.isEmpty, let built = try? BuiltVersion(folder: folder),
            built.manifest.sources.count == sources.files.count, built.isSound
        else { return nil }
        for (source, file) in zip(built.manifest.sources, sources.files) {
            guard let found = try? ChunkedFile.measure(file.path), found == (source.bytes, source.xxh3) else {
                return nil
            }
        }
        return built
    }
}

extension BulkLoadError {
    /// Whether what a build has finished stays for the next call.
    fileprivate var leavesBuild: Bool {
        switch code {
        case .interrupted, .busy, .storage: true
        default: false
        }
    }
}
