internal import Bytes
internal import Foundation
internal import Records

// Parquet and ORC files, through Arrow. Rows come in batches of a few MiB, however wide they are: how many that is, is
// learned from the rows before.

extension SourceReader {
    func readColumnar(
        _ rows: SourceFormat.Rows, _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) -> (bytes: Int64, xxh3: Checksum) {
        let file = try ArrowFile(path: path, rows)
        let before = try FileIdentity(path: path)
        let measured = BackgroundMeasure(path: path)
        let origins = try ColumnOrigins(
            of: columns, in: file.fields.map(\.name), file: source, options, source: "the file")
        let read = try zip(origins.fields, origins.fieldColumns(of: columns)).map {
            field, column throws(BulkLoadError) in try conversion(of: file.fields[field], to: column)
        }
        try file.start(origins.fields)
        var size = ArrowBatchSize()
        var firstRow = 0
        while let rows = try file.next(greatestRows: size.rows) {
            let count = rows.count
            var converted: [Column] = []
            for (index, conversion) in read.enumerated() {
                converted.append(try column(index, of: rows, conversion, firstRow: firstRow))
            }
            size.learn(from: converted, count: count)
            let batch = SourceBatch(
                columns: origins.complete(converted, of: columns, count: count), count: count, firstRow: firstRow,
                lines: nil, bytesRead: file.bytesRead)
            firstRow += count
            if count > 0 { try body(batch) }
        }
        let (bytes, xxh3) = try measured.wait()
        guard try FileIdentity(path: path) == before, bytes == before.bytes else {
            throw BulkLoadError(.unreadableSource, "\(path) was changed while it was read")
        }
        return (bytes, xxh3)
    }

    private func conversion(of field: ArrowFile.Field, to column: InputColumn) throws(BulkLoadError) -> ArrowConversion
    {
        guard field.type.fits(column) else {
            throw BulkLoadError(
                .malformedSource,
                "\(path): column \(field.name) is \(field.typeName), which does not fit \(column.type.rawValue)"
                    + (field.name.lowercased() == column.name.lowercased() ? "" : " (column \(column.name))"))
        }
        if let warning = field.type.warning(for: column) { options.warnings.warn(column: column.name, warning) }
        return ArrowConversion(from: field.type, to: column)
    }

    private func column(
        _ index: Int, of rows: borrowing ArrowRows, _ conversion: ArrowConversion, firstRow: Int
    ) throws(BulkLoadError) -> Column {
        let converted = try rows.withColumn(index) { array throws(BulkLoadError) in
            do throws(ArrowConversion.Misfit) {
                return try conversion.column(of: array)
            } catch {
                throw BulkLoadError(
                    .malformedSource, "column \(conversion.column.name): \(error.reason)",
                    place: SourcePlace(file: path, row: firstRow + error.row + 1))
            }
        }
        guard let converted, converted.count == rows.count else {
            throw BulkLoadError(.malformedSource, "\(path): column \(conversion.column.name) has too few rows")
        }
        return converted
    }
}

/// How many rows to ask for next, so that a batch stays near a few MiB.
struct ArrowBatchSize {
    static let batchBytes = 8 << 20
    static let greatestRows = 1 << 16
    private static let growth = 8

    /// Of rows nobody has seen yet few are asked for: each may be large.
    private(set) var rows = 1 << 10

    mutating func learn(from columns: [Column], count: Int) {
        if count == 0 { return }
        let bytes = columns.reduce(0) { $0 + $1.byteCount }
        let fitting = Int(Double(Self.batchBytes) / (Double(bytes) / Double(count)).clamped(to: 1...1e12))
        rows = min(max(fitting, 1), rows * Self.growth, Self.greatestRows)
    }
}

extension Column {
    /// Near what it takes in memory.
    fileprivate var byteCount: Int {
        let nulls = nulls?.count ?? 0
        switch storage {
        case .bool(let values): return nulls + values.count
        case .int64(let values): return nulls + values.count * 8
        case .double(let values): return nulls + values.count * 8
        case .bytes(let strings): return nulls + strings.arena.count + strings.ends.count * 8
        }
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
