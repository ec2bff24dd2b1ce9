internal import Catalog
internal import Expressions

/// Turns the statements of a file into entries of a catalog, whatever their order: first categories, then what reads
/// them, then the application that owns it.
struct Planner {
    let source: SourceText
    let script: Script
    let snapshot: CatalogSnapshot
    let now: Int64
    var deployment = Deployment()
    /// The file's own and those that are deployed, by name in lower case.
    var categories: [String: CategoryEntry] = [:]
    var inputs: [String: InputTableEntry] = [:]
    private var nextCategoryID: UInt32
    private var nextTableID: UInt32

    init(_ script: Script, against snapshot: CatalogSnapshot, now: Int64) {
        source = script.source
        self.script = script
        self.snapshot = snapshot
        self.now = now
        nextCategoryID = snapshot.nextCategoryID
        nextTableID = snapshot.nextTableID
        for category in snapshot.categories.values { categories[category.name.lowercased()] = category }
    }

    mutating func takeCategoryID() -> UInt32 {
        defer { nextCategoryID += 1 }
        return nextCategoryID
    }

    mutating func takeTableID() -> UInt32 {
        defer { nextTableID += 1 }
        return nextTableID
    }

    mutating func plan() throws(SQLError) -> Deployment {
        let application = try findApplication()
        try checkNames()
        for statement in script.statements {
            if case .category(let category) = statement.kind { try plan(category, statement) }
        }
        var draft = application.map { ApplicationDraft(syntax: $0.syntax, offset: $0.offset) }
        for statement in script.statements {
            guard case .inputTable(let table) = statement.kind else { continue }
            guard draft != nil else { throw ownerless(statement, "an input table") }
            let input = try planInputTable(table)
            inputs[table.name.key] = input
            draft?.inputs.append((input, statement.offset))
        }
        for statement in script.statements {
            guard case .table(let table) = statement.kind else { continue }
            guard let query = table.query else {
                try planLoaded(table, statement)
                continue
            }
            guard let application else { throw ownerless(statement, "a table with AS SELECT") }
            let entry = try planFed(table, query, statement, app: application.syntax.name.text)
            draft?.tables.append((entry, statement.offset))
        }
        if let draft { try plan(draft) }
        return deployment
    }

    private func findApplication() throws(SQLError) -> (syntax: ApplicationSyntax, offset: Int)? {
        var found: (syntax: ApplicationSyntax, offset: Int)?
        for statement in script.statements {
            guard case .application(let application) = statement.kind else { continue }
            guard found == nil else {
                throw source.error(
                    .meaning, at: statement.offset, "one file is one application", hint: "divide the file")
            }
            found = (application, statement.offset)
        }
        return found
    }

    private func ownerless(_ statement: StatementSyntax, _ what: String) -> SQLError {
        source.error(
            .meaning, at: statement.offset, "\(what) belongs to an application, and this file has none",
            hint: "begin the file with CREATE APPLICATION name;")
    }

    /// Names that commands and other systems use as they stand, each once of its kind.
    private func checkNames() throws(SQLError) {
        var seen: [String: Set<String>] = [:]
        for statement in script.statements {
            let kind: String
            let name: Name
            switch statement.kind {
            case .application(let syntax): (kind, name) = ("application", syntax.name)
            case .category(let syntax): (kind, name) = ("category", syntax.name)
            case .inputTable(let syntax): (kind, name) = ("input table", syntax.name)
            case .table(let syntax): (kind, name) = ("table", syntax.name)
            }
            let isPlain = name.text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
            guard isPlain else {
                throw source.error(
                    .name, at: name.offset, "the name of \(article(kind)) has ASCII letters, digits, _, - and . only")
            }
            guard seen[kind, default: []].insert(name.key).inserted else {
                throw source.error(
                    .name, at: name.offset, "there is \(article(kind)) \(name.text) in this file already")
            }
        }
    }

    private func article(_ kind: String) -> String { (kind.first.map("aeiou".contains) == true ? "an " : "a ") + kind }
}
