package import Records

/// A batch of a source file's rows.
package struct SourceBatch {
    /// In the order in which the reader was asked for them.
    package var columns: [Column]
    package var count: Int
    /// The number of its first row in the file, from 0.
    package var firstRow: Int
    /// In text, the line from 1 on which each row begins; nil where a row's number says where it is.
    package var lines: [Int]?
    /// Of the file, up to here.
    package var bytesRead: Int64

    /// Of a row of the batch.
    package func place(of row: Int, in path: String) -> SourcePlace {
        if let lines { return SourcePlace(file: path, line: lines[row]) }
        return SourcePlace(file: path, row: firstRow + row + 1)
    }

    /// The error of a row of the batch.
    package func malformed(_ reason: String, row: Int, in path: String) -> BulkLoadError {
        BulkLoadError(.malformedSource, reason, place: place(of: row, in: path))
    }
}
