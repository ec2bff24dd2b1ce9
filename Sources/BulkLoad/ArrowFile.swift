internal import CArrow
internal import Foundation

/// A Parquet or ORC file, read through Arrow.
package final class ArrowFile {
    struct Field {
        var name: String
        var type: ArrowType
        /// As Arrow calls the type.
        var typeName: String
    }

    /// Whether this Maser was built with Arrow.
    package static var isAvailable: Bool { maser_arrow_is_available() == 1 }

    let path: String
    let fields: [Field]
    private let file: OpaquePointer

    init(path: String, _ rows: SourceFormat.Rows) throws(BulkLoadError) {
        let name = rows == .parquet ? "a Parquet file" : "an ORC file"
        guard Self.isAvailable else {
            throw BulkLoadError(
                .unreadableSource,
                "\(path) is \(name), and this maser was built without Arrow: run tools/setup and build it again")
        }
        var reason: UnsafeMutablePointer<CChar>?
        guard let file = maser_arrow_open(path, rows == .parquet ? MASER_ARROW_PARQUET : MASER_ARROW_ORC, &reason)
        else {
            throw BulkLoadError(arrow: reason, path: path, whole: "\(path) cannot be read as \(name)")
        }
        var schema = ArrowSchema()
        guard maser_arrow_schema(file, &schema, &reason) == 0 else {
            maser_arrow_close(file)
            throw BulkLoadError(arrow: reason, path: path)
        }
        defer { schema.release?(&schema) }
        self.path = path
        self.file = file
        fields = (0..<Int(schema.n_children)).compactMap { index in
            guard let child = schema.children?[index]?.pointee else { return nil }
            let typeName = maser_arrow_type_name(file, Int32(index))
            defer { free(typeName) }
            return Field(
                name: child.name.map { String(cString: $0) } ?? "", type: ArrowType(child),
                typeName: typeName.map { String(cString: $0) } ?? "")
        }
    }

    deinit {
        maser_arrow_close(file)
    }

    /// Of the file, before what `next` brings next.
    var bytesRead: Int64 { maser_arrow_bytes_read(file) }

    /// Begins to read some of `fields`.
    func start(_ fields: [Int]) throws(BulkLoadError) {
        var reason: UnsafeMutablePointer<CChar>?
        let fields = fields.map { Int32($0) }
        if maser_arrow_start(file, fields, Int32(fields.count), 1, &reason) != 0 {
            throw BulkLoadError(arrow: reason, path: path)
        }
    }

    /// nil at the end.
    func next(greatestRows: Int) throws(BulkLoadError) -> ArrowRows? {
        var array = ArrowArray()
        var reason: UnsafeMutablePointer<CChar>?
        switch maser_arrow_next(file, Int64(greatestRows), &array, &reason) {
        case 0: return nil
        case 1: return ArrowRows(array)
        default: throw BulkLoadError(arrow: reason, path: path)
        }
    }
}

/// Rows that Arrow owns, until this is gone.
struct ArrowRows: ~Copyable {
    private var array: ArrowArray

    fileprivate init(_ array: ArrowArray) {
        self.array = array
    }

    deinit {
        var array = array
        array.release?(&array)
    }

    var count: Int { Int(array.length) }

    /// Columns have to stand where their struct begins: Arrow cuts no struct that a file gave.
    func withColumn<Result>(
        _ index: Int, _ body: (ArrowArray) throws(BulkLoadError) -> Result
    ) throws(BulkLoadError) -> Result? {
        guard index < Int(array.n_children), array.offset == 0, let column = array.children?[index],
            column.pointee.length == array.length
        else { return nil }
        return try body(column.pointee)
    }
}

extension BulkLoadError {
    /// Takes the message over.
    fileprivate init(arrow message: UnsafeMutablePointer<CChar>?, path: String, whole: String? = nil) {
        let text = message.map { String(cString: $0) } ?? "it cannot be read"
        free(message)
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        self.init(.malformedSource, "\(whole ?? "\(path) cannot be read further"): \(line)")
    }
}
