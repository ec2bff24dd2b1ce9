internal import Bytes
package import Records

/// Reads one source file as typed columns, batch by batch and in order. The first row that does not fit ends it with an
/// error that says where it is and what was expected.
package struct SourceReader {
    package let source: SourceFile
    /// What is wanted of the file, by name.
    package let columns: [InputColumn]
    package let options: SourceOptions

    package init(source: SourceFile, columns: [InputColumn], options: SourceOptions = SourceOptions()) {
        self.source = source
        self.columns = columns
        self.options = options
    }

    package var path: String { source.path }

    /// Returns the file's size and checksum, as it was while it was read.
    package func read(
        _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) -> (bytes: Int64, xxh3: Checksum) {
        guard let format = SourceFormat(path: path) else {
            throw BulkLoadError(.unreadableSource, "\(path) is of no known format: \(SourceFormat.endings) are")
        }
        switch format.rows {
        case .parquet: return try readColumnar(.parquet, body)
        case .orc: return try readColumnar(.orc, body)
        case .csv, .tsv, .jsonLines: break
        }
        let file = try ChunkedFile(path: path, compression: format.compression)
        try file.fill()
        if file.bytes.starts(with: [0xef, 0xbb, 0xbf]) { file.consume(3) }
        switch format.rows {
        case .csv: try readDelimited(file, Delimiter.comma, body)
        case .tsv: try readDelimited(file, Delimiter.tab, body)
        default: try readJSONLines(file, body)
        }
        return (file.bytesRead, file.checksum)
    }

    /// As `read`, for a body that throws what it likes.
    func readEach(_ body: (SourceBatch) throws -> Void) throws {
        var failure: (any Error)?
        do throws(BulkLoadError) {
            _ = try read { batch throws(BulkLoadError) in
                do {
                    try body(batch)
                } catch {
                    failure = error
                    throw BulkLoadError(.malformedSource, "\(path) was not read to its end")
                }
            }
        } catch {
            throw failure ?? error
        }
    }

    func malformed(_ reason: String, line: Int, column: Int? = nil) -> BulkLoadError {
        BulkLoadError(.malformedSource, reason, place: SourcePlace(file: path, line: line, column: column))
    }
}
