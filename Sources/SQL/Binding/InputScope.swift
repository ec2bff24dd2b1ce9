internal import Catalog
internal import Expressions
internal import Records

/// The columns that a query's expressions can name.
struct InputScope {
    let input: InputTableEntry
    private let qualifiers: Set<String>
    private let indices: [String: Int]

    init(_ input: InputTableEntry, alias: Name?) {
        self.input = input
        qualifiers = [alias?.key ?? input.name.lowercased()]
        indices = Dictionary(
            input.columns.enumerated().map { ($0.element.name.lowercased(), $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    func column(_ qualifier: Name?, _ name: Name, in source: SourceText) throws(SQLError) -> Expression {
        if let qualifier, !qualifiers.contains(qualifier.key) {
            throw source.error(
                .name, at: qualifier.offset, "there is no table \(qualifier.text) in this query",
                hint: "it reads \(qualifiers.joined())")
        }
        guard let index = indices[name.key] else {
            var hint = Suggestion.hint(for: name.text, among: input.columns.map(\.name), orAll: "its columns are")
            if name.isQuoted { hint = "a string stands in single quotes; double quotes are for names" }
            throw source.error(
                .name, at: name.offset, "there is no column \(name.text) in input table \(input.name)", hint: hint)
        }
        return .column(index, input.columns[index].type)
    }
}
