internal import Catalog
internal import Records

extension Planner {
    func planInputTable(_ syntax: InputTableSyntax) throws(SQLError) -> InputTableEntry {
        guard let category = categories[syntax.category.key] else {
            throw source.error(
                .name, at: syntax.category.offset, "there is no category \(syntax.category.text)",
                hint: Suggestion.hint(for: syntax.category.text, among: categories.values.map(\.name).sorted())
                    ?? "make it in this file: CREATE CATEGORY \(syntax.category.text) FORMAT JSON;")
        }
        guard let format = category.format else {
            throw source.error(
                .meaning, at: syntax.category.offset,
                "category \(category.name) has no FORMAT, so its records cannot be read",
                hint: "make it with FORMAT JSON, CSV or TSV")
        }
        try checkColumns(syntax.columns.map(\.name))
        var columns: [InputColumn] = []
        for column in syntax.columns {
            if let offset = column.unitOffset, column.type != .timestamp {
                throw source.error(
                    .meaning, at: offset, "only a TIMESTAMP is read in a unit, \(column.name.text) is \(a(column.type))"
                )
            }
            if let offset = column.pathOffset, format != .json {
                throw source.error(
                    .meaning, at: offset,
                    "FROM names a JSON field, but category \(category.name) is \(format.rawValue)",
                    hint: "the columns of \(format.rawValue) are taken in the order of this list")
            }
            columns.append(
                InputColumn(
                    name: column.name.text, type: column.type, path: column.path ?? [column.name.text],
                    unit: column.unit))
        }
        return InputTableEntry(
            name: syntax.name.text, categoryID: category.id, format: format, columns: columns,
            eventTimeColumn: try eventTime(syntax), start: syntax.start ?? .earliest)
    }

    private func eventTime(_ syntax: InputTableSyntax) throws(SQLError) -> Int? {
        guard let time = syntax.time else { return nil }
        guard let index = syntax.columns.firstIndex(where: { $0.name.key == time.key }) else {
            throw source.error(
                .name, at: time.offset, "there is no column \(time.text) in input table \(syntax.name.text)",
                hint: Suggestion.hint(for: time.text, among: syntax.columns.map(\.name.text), orAll: "its columns are"))
        }
        guard syntax.columns[index].type == .timestamp else {
            throw source.error(
                .meaning, at: time.offset,
                "the event time is a TIMESTAMP, \(time.text) is \(a(syntax.columns[index].type))",
                hint: "a number of milliseconds since 1970 is read by: \(time.text) TIMESTAMP AS MILLISECONDS")
        }
        return index
    }

    /// No two have one name.
    func checkColumns(_ names: [Name]) throws(SQLError) {
        var seen: Set<String> = []
        for name in names {
            guard seen.insert(name.key).inserted else {
                throw source.error(.name, at: name.offset, "there is a column \(name.text) already")
            }
        }
        if names.count > SQLLimits.columns {
            throw source.error(
                .meaning, at: names[SQLLimits.columns].offset, "there are more than \(SQLLimits.columns) columns")
        }
    }
}
