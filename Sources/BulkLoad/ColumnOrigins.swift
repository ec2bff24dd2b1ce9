internal import Records

/// Where a file has the columns that are wanted of it.
struct ColumnOrigins {
    enum Origin {
        /// The place of the file's column.
        case field(Int)
        /// The same in every row: a folder around the file says it.
        case folder(Value)
    }

    var origins: [Origin] = []

    /// A file's own column goes before what a folder says. Names match exactly, or else without regard to case.
    /// `source` is what names the columns, as a message says it: "the header", "the file".
    init(
        of columns: [InputColumn], in names: [String], file: SourceFile, _ options: SourceOptions, source: String,
        place: SourcePlace? = nil
    ) throws(BulkLoadError) {
        func fail(_ reason: String) -> BulkLoadError {
            BulkLoadError(.malformedSource, place == nil ? "\(file.path): \(reason)" : reason, place: place)
        }
        for column in columns {
            let name = options.name(of: column.name)
            let exact = names.indices.filter { names[$0] == name }
            let matching =
                exact.isEmpty ? names.indices.filter { names[$0].lowercased() == name.lowercased() } : exact
            guard matching.count <= 1 else {
                throw fail("\(source) names column \(name) \(matching.count) times")
            }
            if let field = matching.first {
                origins.append(.field(field))
            } else if let value = FolderValue.value(of: name, in: file.folderValues) {
                origins.append(.folder(try value.value(for: column, in: file.path)))
            } else {
                let called = name.lowercased() == column.name.lowercased() ? "" : " (for column \(column.name))"
                throw fail("\(source) names no column \(name)\(called); it has \(names.joined(separator: ", "))")
            }
        }
    }

    /// The file's columns that are read, in the order of the wanted ones.
    var fields: [Int] {
        origins.compactMap { if case .field(let field) = $0 { field } else { nil } }
    }

    /// Those of the wanted columns that are read from the file, as `fields` has them.
    func fieldColumns(of columns: [InputColumn]) -> [InputColumn] {
        zip(origins, columns).compactMap { origin, column in if case .field = origin { column } else { nil } }
    }

    /// All wanted columns out of those that were read, which come in the order of `fields`.
    func complete(_ read: [Column], of columns: [InputColumn], count: Int) -> [Column] {
        var rest = read[...]
        return zip(origins, columns).map { origin, column in
            switch origin {
            case .field: rest.removeFirst()
            case .folder(let value): Column(type: column.type, repeating: value, count: count)
            }
        }
    }
}
