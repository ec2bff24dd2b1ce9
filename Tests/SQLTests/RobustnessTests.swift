import Catalog
import Expressions
import Foundation
import Records
import SQL
import Testing

/// No text makes the room trap, and none makes it recurse without bound.
@Suite struct RobustnessTests {
    static let valid = """
        CREATE APPLICATION delays OPTIONS (checkpoint = '200 ms', state = 'exactly-once', output = 'exactly-once');
        CREATE CATEGORY flights BUCKETS 8 BY dest FORMAT JSON RETAIN 7 DAYS, 10 GIB OPTIONS (quota = '1 MIB'); /* log */
        CREATE INPUT TABLE flights (scheduled TIMESTAMP AS SECONDS, origin STRING, dest STRING FROM '$.to[''x'']', delay DOUBLE,
          seats INT64) FROM CATEGORY 'flights' START LATEST TIME scheduled;
        CREATE TABLE airports (faa STRING, "name" STRING, lat DOUBLE) SHARD BY (faa) PRIMARY KEY (faa, name); -- loads
        CREATE TABLE seen PRIMARY KEY (origin) AS SELECT origin, dest AS d, -seats + 1.5e3 * delay AS x,
          CASE WHEN delay > 0 THEN 'late' ELSE NULL END AS l FROM flights AS f WHERE f.delay IS NOT NULL DELETE WHERE dest IN ('X', 'Y');
        CREATE TABLE routes SHARD BY (origin) AS SELECT origin, EXTRACT(HOUR FROM scheduled) AS h, COUNT(*) AS n,
          SUM(seats) / COUNT(*) AS m, MAX_BY(dest, delay) FILTER (WHERE seats BETWEEN 1 AND 400) AS w, X'00ff' AS y
        FROM flights [1 DAY IN 'America/New_York'] WHERE NOT (dest LIKE 'A%' OR delay <> -1) GROUP BY origin, h;
        CREATE CATEGORY late BUCKETS 2 BY dest AS SELECT f.*, a.lat, s.d FROM flights AS f
          LEFT JOIN airports AS a ON f.origin = a.faa AND a.name = 'x' JOIN seen AS s ON s.origin = f.dest WHERE s.x > f.delay;
        CREATE CATEGORY hourly BY origin RETAIN 1 GIB AS SELECT origin, COUNT(*) AS n FROM flights [1 HOUR]
          GROUP BY origin EMIT FINAL;
        """

    /// Where nothing is deployed, and where the valid file is.
    static let catalogs: [CatalogSnapshot] = {
        var deployed = CatalogSnapshot(shardCount: 64)
        if let deployment = try? plan(try parse(valid, file: "valid.sql"), against: deployed, now: 0) {
            for category in deployment.categories { try? deployed.put(category) }
            for table in deployment.tables { try? deployed.put(table) }
            if let app = deployment.app { try? deployed.put(app) }
        }
        return [CatalogSnapshot(shardCount: 64), deployed]
    }()

    private func attempt(_ text: String) {
        for catalog in Self.catalogs {
            do {
                let deployment = try plan(try parse(text, file: "fuzz.sql"), against: catalog, now: 0)
                #expect(deployment.isEmpty == deployment.changes.isEmpty)
                // No number stands twice, and none that is given out already comes again.
                for table in deployment.tables {
                    let numbers = table.columns.map(\.number)
                    #expect(Set(numbers).count == numbers.count)
                    #expect(numbers.allSatisfy { $0 < table.nextFieldNumber })
                    let former = catalog.table(id: table.id)?.nextFieldNumber ?? 1
                    #expect(table.nextFieldNumber >= former)
                }
            } catch {
                #expect(error.line >= 1 && error.column >= 1)
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test func theValidFileIsValid() throws {
        let script = try parse(Self.valid, file: "valid.sql")
        #expect(try plan(script, against: Self.catalogs[0], now: 0).tables.count == 4)
        #expect(try plan(script, against: Self.catalogs[1], now: 1).changes == [])
    }

    /// What differs from what is deployed is changed or refused: whole lines, clauses and names go or stand twice.
    @Test(arguments: 0..<8)
    func changedFilesAreDeployedOrRefusedAndThenChangeNothing(_ seed: Int) throws {
        var random = Random(state: UInt64(seed) &+ 200)
        let words = Self.valid.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        for _ in 0..<150 {
            var changed = words
            for _ in 0...random.index(2) {
                let place = random.index(changed.count)
                let end = min(changed.count, place + 1 + random.index(3))
                switch random.index(3) {
                case 0: changed.removeSubrange(place..<end)
                case 1: changed.insert(contentsOf: changed[place..<end], at: random.index(changed.count))
                default: changed[place] = words[random.index(words.count)]
                }
                if changed.isEmpty { break }
            }
            let text = changed.joined(separator: " ")
            attempt(text)
            var catalog = Self.catalogs[1]
            guard let script = try? parse(text, file: "changed.sql"),
                let deployment = try? plan(script, against: catalog, now: 5)
            else { continue }
            for category in deployment.categories { try catalog.put(category) }
            for table in deployment.tables { try catalog.put(table) }
            if let app = deployment.app { try catalog.put(app) }
            #expect(try plan(script, against: catalog, now: 6).changes == [], "\(text)")
        }
    }

    @Test(arguments: 0..<8)
    func soupsOfTokensAreRefusedWithoutATrap(_ seed: Int) {
        var random = Random(state: UInt64(seed))
        let words =
            Self.valid.split { " \n,;()".contains($0) }.map(String.init)
            + [
                ",", ";", "(", ")", "(", ")", "[", "]", "*", "-", "||", "<>", "IS", "NULL", "CAST(", "INTERVAL", "''",
                "\"\"", "99999999999999999999",
            ]
        for _ in 0..<150 {
            let start = [
                "", "CREATE ", "CREATE TABLE t AS SELECT ", "CREATE TABLE t AS SELECT COUNT(*) AS n FROM f WHERE ",
            ]
            let count = Int.random(in: 0..<40, using: &random)
            let soup = (0..<count).map { _ in words[random.index(words.count)] }.joined(separator: " ")
            attempt(start[random.index(start.count)] + soup)
        }
    }

    @Test(arguments: 0..<8)
    func mutatedFilesAreRefusedWithoutATrap(_ seed: Int) {
        var random = Random(state: UInt64(seed) &+ 100)
        let original = Array(Self.valid.utf8)
        for _ in 0..<120 {
            var bytes = original
            for _ in 0...random.index(4) {
                let place = random.index(bytes.count)
                let end = min(bytes.count, place + 1 + random.index(12))
                switch random.index(5) {
                case 0: bytes.removeSubrange(place..<end)
                case 1: bytes.insert(contentsOf: bytes[place..<end], at: random.index(bytes.count))
                case 2: bytes[place] = UInt8(random.index(256))
                case 3: bytes.removeSubrange(place...)
                default: bytes[place] = Array("'\"()[];,*/-0xN".utf8)[random.index(14)]
                }
                if bytes.isEmpty { break }
            }
            attempt(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func everyPrefixOfAFileIsReadOrRefused() {
        let bytes = Array(Self.valid.utf8)
        for count in stride(from: 0, through: bytes.count, by: 7) {
            attempt(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }

    @Test(arguments: [
        "(", "-", "NOT ", "CASE WHEN ", "LOWER(", "CAST(", "x IN (", "1 + (", "(1 * 2 + ", "/*", "[", "CASE ",
    ])
    func depthIsBounded(_ opening: String) {
        let deep = String(repeating: opening, count: opening == "(" ? 100_000 : 10_000)
        let error = #expect(throws: SQLError.self) {
            try parse("CREATE TABLE t AS SELECT \(deep)", file: "deep.sql")
        }
        #expect(error?.lineText.unicodeScalars.count ?? 0 < 200)
    }

    @Test func chainsInsideChainsAreBoundedTogether() {
        // Every level is short, but the left side of each is the level below.
        var text = "1"
        for _ in 0..<60 { text = "(\(text))" + String(repeating: " + 1", count: 60) }
        let error = #expect(throws: SQLError.self) { try parse("CREATE TABLE t AS SELECT \(text)", file: "deep.sql") }
        #expect(error?.message.contains("nest") == true)
    }

    @Test func longListsDoNotNest() throws {
        let terms = (0..<5000).map { "n = \($0)" }.joined(separator: " OR ")
        let items = (0..<5000).map(String.init).joined(separator: ", ")
        let parts = (0..<2000).map { "'\($0)'" }.joined(separator: " || ")
        let values = try values(of: ["\(terms)", "n IN (\(items))", parts])
        #expect(values.allSatisfy { $0.depth < 20 })
    }

    @Test func theDeepestExpressionSurvivesTheCatalog() throws {
        // The shapes that nest deepest in JSON, as deep as the parser takes them.
        for (opening, closing) in [
            ("(1 + ", ")"), ("CASE WHEN n = ", " THEN 1 END"), ("ABS(", ")"), ("-(", ")"), ("NOT (n = 0 OR ", ")"),
        ] {
            var deepest: Expressions.Expression?
            for levels in 1...100 {
                let inner = opening.hasPrefix("NOT") ? "n = 1" : "n"
                let text = String(repeating: opening, count: levels) + inner + String(repeating: closing, count: levels)
                guard let value = try? values(of: [text]).first else { break }
                deepest = value
            }
            let expression = try #require(deepest)
            #expect(expression.depth > 40)
            let table = TableEntry(
                id: 1, name: "t", keyColumns: [], shardColumnCount: 0, stateFields: [], aggregates: [], columns: [],
                nextFieldNumber: 1,
                source: .aggregate(
                    AggregateQuery(
                        input: "i", filter: nil, keys: [],
                        arguments: [StateArguments(expressions: [expression], condition: nil)])), sql: "", versions: [],
                servingVersion: 0, nextVersion: 1)
            let data = try JSONEncoder().encode([table])
            #expect(try JSONDecoder().decode([TableEntry].self, from: data) == [table])
        }
    }

    @Test func filesHaveALimit() {
        #expect(throws: SQLError.self) { try parse(String(repeating: " ", count: 2 << 20), file: "large.sql") }
    }
}

/// What the items of an upsert's SELECT list over `(k INT64, n INT64, d DOUBLE, s STRING, b BOOL, y BYTES, t TIMESTAMP)`
/// resolve to.
func values(of items: [String]) throws -> [Expressions.Expression] {
    let list = items.enumerated().map { "\($0.element) AS c\($0.offset)" }.joined(separator: ", ")
    let text = """
        CREATE APPLICATION a; CREATE CATEGORY c FORMAT JSON;
        CREATE INPUT TABLE i (k INT64, n INT64, d DOUBLE, s STRING, b BOOL, y BYTES, t TIMESTAMP) FROM CATEGORY c TIME t;
        CREATE TABLE e PRIMARY KEY (k) AS SELECT k, \(list) FROM i;
        """
    let deployment = try plan(try parse(text, file: "values.sql"), against: CatalogSnapshot(shardCount: 64), now: 0)
    guard case .upsert(let query) = deployment.tables[0].source else { return [] }
    return query.values
}

struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func index(_ count: Int) -> Int { count == 0 ? 0 : Int.random(in: 0..<count, using: &self) }
}
