import Catalog
import SQL
import Testing

/// What the reference says is what the parser reads.
@Suite struct ReferenceTests {
    @Test func everyStatementOfTheReferenceIsRead() throws {
        var text = SQLReference.grammar
        // The reference with its brackets opened, its choices made and its names given.
        for (written, chosen) in [
            ("JSON | CSV | TSV", "JSON"), ("'fsync' | 'written'", "'written'"), ("'zstd' | 'lz4' | 'none'", "'lz4'"),
            ("EARLIEST | LATEST", "LATEST"), ("MILLISECONDS | ...", "MILLISECONDS"),
            ("[RETAIN ...] [OPTIONS ...]", "RETAIN 1 HOUR OPTIONS (compression = 'none')"),
            ("EMIT FINAL | EMIT CHANGES", "EMIT FINAL"), ("[, n GIB]", ", 2 GIB"), (", ...", ""), (" n ", " 3 "),
            ("BUCKETS n]", "BUCKETS 3]"),
        ] {
            #expect(text.contains(written), "\(written)")
            text = text.replacing(written, with: chosen)
        }
        let parts = text.split(separator: "\nsource:")
        let statements = String(parts[0]).replacing("[", with: "").replacing("]", with: "").split(separator: ";")
            .filter { $0.contains("CREATE") }
        try #require(statements.count == 7)
        let source = """
            i AS a [3 HOURS IN 'Europe/Zurich'] LEFT JOIN loaded AS b ON b.key = a.key JOIN latest AS c ON c.key = a.key
            """
        // Categories, the input table, the table of loads, the latest rows, the aggregates, the output.
        let names = ["app", "c", "i", "loaded", "latest", "sums", "o"]
        let items = ["", "", "", "", "key, a.x", "a.key AS key, COUNT(*) AS n", "a.key AS key, SUM(b.x) AS s"]
        let file = statements.enumerated().map { index, statement in
            var statement = String(statement).replacing("FROM CATEGORY name", with: "FROM CATEGORY c")
                .replacing("BY field", with: "BY key").replacing("BY column", with: "BY key")
                .replacing("GROUP BY key", with: "GROUP BY a.key").replacing("condition", with: "a.x > 0")
                .replacing("item", with: items[index]).replacing("source", with: index == 4 ? "i AS a" : source)
                .replacing("TIME column", with: "TIME at")
            statement = statement.replacing(
                "(column TYPE FROM '$.json.path' AS MILLISECONDS)",
                with: "(at TIMESTAMP FROM '$.json.path' AS MILLISECONDS, key STRING, x INT64)"
            ).replacing("(column TYPE)", with: "(key STRING, x INT64)")
            guard let name = statement.firstRange(of: " name") else { return statement }
            return statement.replacingCharacters(in: name, with: " " + names[index])
        }
        let script = try parse(file.joined(separator: ";"), file: "reference.sql")
        let deployment = try plan(script, against: CatalogSnapshot(shardCount: 64), now: 0)
        #expect(deployment.tables.map(\.name) == ["loaded", "latest", "sums", "o"])
        #expect(deployment.categories.map(\.name) == ["c", "o", "app_dead_letters"])
    }

    @Test func itFitsATerminal() {
        #expect(SQLReference.grammar.split(separator: "\n").allSatisfy { $0.count <= 76 })
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
