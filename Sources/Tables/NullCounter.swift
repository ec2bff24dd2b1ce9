internal import Bytes
package import Catalog

/// Counts the NULLs of stored rows, column by column.
///
/// An object: a struct of arrays would be copied, and counted, at every row.
package final class NullCounter: Sendable {
    /// Field numbers of the columns, ascending, each with its place among the table's columns.
    private let fields: [(number: Int, column: Int)]
    private let numbers: [UInt64]

    /// nil for a table that aggregates: what its columns present is not stored.
    package init?(of table: TableEntry) {
        if case .aggregate = table.source { return nil }
        fields = table.columns.enumerated().map { ($1.number, $0) }.sorted { $0.number < $1.number }
        numbers = fields.map { UInt64($0.number) }
    }

    /// Adds `times` to the count of each column that a row has not. A tombstone has no columns to count, and what is no row is
    /// nobody's.
    package func count(_ value: UnsafeRawBufferPointer, times: Int64, into counts: inout [Int64]) {
        if let present = presentColumns(value) {
            let missing = ~present & (numbers.count == 64 ? .max : 1 << UInt64(numbers.count) - 1)
            if missing == 0 { return }
            for place in numbers.indices where missing & 1 << UInt64(place) != 0 {
                counts[fields[place].column] += times
            }
            return
        }
        guard let stored = StoredValue(value), stored.kind == .row, let row = UpsertRow(stored.message), !row.isDeleted
        else { return }
        var reader = ProtobufReader(stored.message)
        var next = 0
        // The message was read a moment ago.
        while let field = try? reader.next() {
            while next < fields.count, fields[next].number < field.number {
                counts[fields[next].column] += times
                next += 1
            }
            if next < fields.count, fields[next].number == field.number { next += 1 }
        }
        for field in fields[next...] { counts[field.column] += times }
    }

    /// Bits of those of `fields` that a row has, where it stands as Maser itself writes rows: its columns in ascending order, and
    /// one at least, before what decides between upserts. nil for any other, which is read with more care.
    private func presentColumns(_ value: UnsafeRawBufferPointer) -> UInt64? {
        guard numbers.count <= 64, value.starts(with: UpsertRowEncoder.prefix) else { return nil }
        return numbers.withUnsafeBufferPointer { numbers in
            var place = UpsertRowEncoder.prefix.count
            var next = 0
            var present: UInt64 = 0
            while place < value.count {
                guard let tag = Self.varint(value, &place) else { return nil }
                let number = tag >> 3
                if number >= UInt64(UpsertField.eventTime) { break }
                while next < numbers.count, numbers[next] < number { next += 1 }
                guard next < numbers.count, numbers[next] == number else { return nil }
                present |= 1 << UInt64(next)
                switch tag & 7 {
                case 0: if Self.varint(value, &place) == nil { return nil }
                case 1: place += 8
                case 2:
                    guard let count = Self.varint(value, &place), count <= UInt64(value.count - place) else {
                        return nil
                    }
                    place += Int(count)
                default: return nil
                }
            }
            return present == 0 || place > value.count ? nil : present
        }
    }

    @inline(__always)
    private static func varint(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
