internal import Bytes
internal import Foundation
internal import Records

/// What a folder's name says of all rows in it, as Hive lays tables out: `ds=2013-01-05/carrier=UA/part-0.parquet`.
package struct FolderValue: Hashable, Sendable {
    /// What Hive calls the folder of rows whose value is NULL.
    private static let null = "__HIVE_DEFAULT_PARTITION__"

    package var name: String
    /// nil for NULL.
    package var text: String?

    /// Of all folders on the way to a file, from the outside in.
    static func all(in path: String) -> [FolderValue] {
        path.split(separator: "/").dropLast().compactMap { folder in
            guard let sign = folder.firstIndex(of: "="), sign != folder.startIndex else { return nil }
            let text = decoded(folder[folder.index(after: sign)...])
            return FolderValue(name: decoded(folder[..<sign]), text: text == null ? nil : text)
        }
    }

    /// %XX stands for what a name cannot have in it.
    private static func decoded(_ text: Substring) -> String {
        String(text).removingPercentEncoding ?? String(text)
    }

    /// The innermost folder that names the column; whether letters are capital does not matter.
    static func value(of column: String, in values: [FolderValue]) -> FolderValue? {
        values.last { $0.name == column } ?? values.last { $0.name.lowercased() == column.lowercased() }
    }

    /// As the column's type reads it.
    func value(for column: InputColumn, in path: String) throws(BulkLoadError) -> Value {
        guard var text else { return .null }
        let parser = ValueParser(type: column.type, unit: column.unit)
        guard let value = text.withUTF8({ parser.value(of: UnsafeRawBufferPointer($0)) }) else {
            throw BulkLoadError(
                .malformedSource,
                "\(path): column \(column.name): expected \(parser.expectation), found the folder \(name)=\(text)")
        }
        return value
    }
}

extension Column {
    /// The same value in every row.
    init(type: ValueType, repeating value: Value, count: Int) {
        self = Column(type: type, values: [value]).gather([Int](repeating: 0, count: count))
    }
}
