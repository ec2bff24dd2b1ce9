internal import ArgumentParser
internal import BulkLoad
internal import Catalog

/// Which files have the records of which input tables.
struct BatchSources {
    private(set) var files: [BatchSource] = []

    /// `given` are paths, or input tables with paths: `flights=day/`. `split` numbers the only file; without it they are
    /// numbered in their order.
    init(_ given: [String], of app: BatchApp, split: Int?, hasHeader: Bool) throws {
        for text in given {
            let (inputs, path) = try Self.parse(text, app)
            for file in try SourceFiles([path], namesFormat: false).paths {
                files.append(
                    BatchSource(path: file, inputs: inputs, number: split ?? files.count, hasHeader: hasHeader))
            }
        }
        if split != nil, files.count > 1 {
            throw ValidationError("--split numbers one input, but there are \(files.count)")
        }
    }

    private static func parse(_ text: String, _ app: BatchApp) throws -> (inputs: Set<String>, path: String) {
        let names = app.inputs.map(\.name).joined(separator: ", ")
        if let (name, path) = named(text) {
            if let input = app.inputs.first(where: { $0.name.lowercased() == name.lowercased() }) {
                return ([input.name], path)
            }
            // A name with = in it, as Hive lays out folders.
            if (try? SourceFiles([text], namesFormat: false)) == nil {
                throw CommandError("application \(app.name) has no input table \(name), but \(names)")
            }
        }
        // As a category's records go to every input table over it.
        guard Set(app.inputs.map(\.categoryID)).count == 1 else {
            throw ValidationError(
                "application \(app.name) has the input tables \(names): say whose records \(text) has, "
                    + "as in --input \(app.inputs.first?.name ?? "table")=\(text)")
        }
        return (Set(app.inputs.map(\.name)), text)
    }

    /// `name=path`; nil where there is no such name.
    static func named(_ text: String) -> (name: String, path: String)? {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex, !text[..<sign].contains("/") else {
            return nil
        }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }
}

extension JoinedTables {
    /// Every table that `tables` join, from `given`: `airports=airports.csv`.
    init(_ given: [String], of app: BatchApp, for tables: [TableEntry], nullText: String?, folder: () throws -> String)
        throws
    {
        let joined = Set(tables.flatMap(\.source.joins).map(\.tableID)).compactMap { app.joinable[$0] }
        var paths: [UInt32: [String]] = [:]
        for text in given {
            guard let (name, path) = BatchSources.named(text) else {
                throw ValidationError(
                    "--load takes a table and a file, as in --load airports=airports.csv, not \(text)")
            }
            guard let table = app.joinable.values.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                throw CommandError("application \(app.name) knows no table \(name)")
            }
            // One that only other tables of the app join may stay in the command.
            if joined.contains(where: { $0.id == table.id }) { paths[table.id, default: []].append(path) }
        }
        if joined.isEmpty {
            self.init()
            return
        }
        let missing = joined.filter { paths[$0.id] == nil }.map(\.name).sorted()
        if let name = missing.first {
            throw ValidationError(
                "application \(app.name) joins \(missing.joined(separator: ", ")): give the rows, "
                    + "as in --load \(name)=\(name).csv")
        }
        try self.init(
            joined.sorted { $0.id < $1.id }.map { ($0, paths[$0.id] ?? []) }, nullText: nullText, folder: folder())
    }
}
