/// A file of SQL that was read, but not yet held against a catalog.
package struct Script: Sendable {
    let source: SourceText
    let text: String
    let statements: [StatementSyntax]

    /// nil for a file of categories and tables that are only loaded.
    package var applicationName: String? {
        for statement in statements {
            if case .application(let application) = statement.kind { return application.name.text }
        }
        return nil
    }
}

/// Reads a file of SQL; `file` is its name in errors.
package func parse(_ text: String, file: String) throws(SQLError) -> Script {
    let source = SourceText(text, file: file)
    guard source.bytes.count <= SQLLimits.fileBytes else {
        throw source.error(
            .syntax, at: 0, "the file has \(source.bytes.count) bytes, but Maser reads at most \(SQLLimits.fileBytes)",
            hint: "divide it into several applications")
    }
    var parser = Parser(source: source, tokens: try Lexer.tokens(of: source))
    return Script(source: source, text: text, statements: try parser.parseStatements())
}
