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
    /// The file's own tables that loads fill, by name in lower case.
    var loaded: [String: TableEntry] = [:]
    /// The file's own tables that a query fills, by name in lower case.
    var fed: [String: FedTable] = [:]
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

    /// That of the deployed table of the name, or a new one.
    mutating func tableID(named name: Name) -> UInt32 {
        if let table = snapshot.table(named: name.text) { return table.id }
        defer { nextTableID += 1 }
        return nextTableID
    }

    mutating func plan() throws(SQLError) -> Deployment {
        let application = try findApplication()
        try checkNames()
        var draft = application.map { ApplicationDraft(syntax: $0.syntax, offset: $0.offset) }
        try planCategories(&draft)
        for statement in script.statements {
            guard case .inputTable(let table) = statement.kind else { continue }
            guard draft != nil else { throw ownerless(statement, "an input table") }
            let input = try planInputTable(table)
            inputs[table.name.key] = input
            draft?.inputs.append((input, statement.offset))
        }
        try planTables(&draft)
        if let draft { try plan(draft) }
        return deployment
    }

    /// What reads categories has to find all of them, so they come first.
    private mutating func planCategories(_ draft: inout ApplicationDraft?) throws(SQLError) {
        for statement in script.statements {
            guard case .category(let category) = statement.kind else { continue }
            guard let query = category.query else {
                try plan(category, statement)
                continue
            }
            guard let application = draft?.syntax else { throw ownerless(statement, "a category with AS SELECT") }
            draft?.outputs.append(try planOutputCategory(category, query, statement, app: application.name.text))
        }
    }

    /// Tables that loads fill, then those that a query fills, then what goes to categories: each can be joined by those
    /// after it, and among themselves they come in the order that their joins ask for.
    private mutating func planTables(_ draft: inout ApplicationDraft?) throws(SQLError) {
        for statement in script.statements {
            if case .table(let table) = statement.kind, table.query == nil { try planLoaded(table, statement) }
        }
        var order: [String] = []
        for statement in script.statements {
            guard var table = FedTable(statement) else { continue }
            guard let application = draft?.syntax else { throw ownerless(statement, "a table with AS SELECT") }
            order.append(table.syntax.name.key)
            table.app = application.name.text
            table.id = tableID(named: table.syntax.name)
            fed[table.syntax.name.key] = table
        }
        for name in order {
            let entry = try planFed(name)
            draft?.tables.append((entry, fed[name]?.statement.offset ?? 0))
        }
        for index in draft?.outputs.indices ?? 0..<0 {
            guard var output = draft?.outputs[index] else { continue }
            try plan(&output)
            draft?.outputs[index] = output
        }
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
            if case .category(let syntax) = statement.kind, syntax.query?.hasAggregates == true {
                try checkPaneTable(name, &seen)
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

    /// A category of panes has a table of the same name.
    private func checkPaneTable(_ name: Name, _ seen: inout [String: Set<String>]) throws(SQLError) {
        guard seen["table", default: []].insert(name.key).inserted else {
            throw source.error(
                .name, at: name.offset, "there is a table \(name.text) in this file already",
                hint: "the panes of an output category are a table too, which has its name")
        }
    }

    private func article(_ kind: String) -> String { (kind.first.map("aeiou".contains) == true ? "an " : "a ") + kind }
}
