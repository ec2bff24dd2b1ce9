import Foundation
import Testing

/// `maser run` as batch engines use it: files in, rows out, and partials as lines in between.
@Suite struct RunTests {
    static let app = """
        CREATE APPLICATION shop;
        CREATE CATEGORY orders BUCKETS 4 BY customer FORMAT JSON;
        CREATE INPUT TABLE orders (at TIMESTAMP, customer STRING, amount INT64, price DOUBLE, city STRING)
            FROM CATEGORY 'orders' TIME at;
        CREATE TABLE latest PRIMARY KEY (customer) AS
        SELECT customer, amount AS last_amount, city FROM orders DELETE WHERE amount < 0;
        CREATE TABLE by_city AS
        SELECT city, COUNT(*) AS orders, SUM(amount) AS amount, AVG(price) AS mean_price, SUM(price) AS price,
               STDDEV_POP(price) AS price_deviation, LAST(customer) AS last_customer
        FROM orders [1 DAY] WHERE city IS NOT NULL GROUP BY city;
        """

    private let folder: TemporaryFolder
    private let sql: String

    init() throws {
        folder = try TemporaryFolder()
        sql = try folder.write("shop.sql", Self.app)
    }

    /// Few customers and cities, so that keys meet; prices whose sum depends on the order unless it is exact.
    private static func orders(_ count: Int, seed: UInt64) -> [String] {
        var state = seed
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        return (0..<count).map { _ in
            let prices = ["1e16", "-1e16", "0.1", "3.7", "1e-9", "null"]
            let (minute, day) = (next(60), 1 + next(3))
            return
                #"{"at": "2024-03-0\#(day)T10:\#(minute < 10 ? "0" : "")\#(minute):00Z", "customer": "c\#(next(25))", "#
                + #""amount": \#(Int(next(60)) - 5), "price": \#(prices[Int(next(6))]), "city": "\#(["Paris", "Rome", "Sa\\no"][Int(next(3))])"}"#
        }
    }

    private func maser(_ arguments: String..., input: String = "") throws -> MaserBinary.Outcome {
        try MaserBinary.run(["run", sql] + arguments, input: input)
    }

    private func text(_ lines: some Sequence<String>) -> String { lines.map { $0 + "\n" }.joined() }

    @Test func rowsAreThoseThatAServerWouldServe() throws {
        let orders = Self.orders(500, seed: 1)
        let file = try folder.write("orders.jsonl", text(orders))
        let server = try ServerProcess()
        try server.start()
        #expect(try server.maser(["deploy", sql]).exitCode == 0)
        #expect(try server.maser(["append", "orders", file]).exitCode == 0)
        try server.waitUntilApplied()
        for table in ["by_city", "latest"] {
            let served = try server.maser(["scan", table, "--json"])
            #expect(!served.lines.isEmpty)
            let run = try maser("--input", file, "--table", table)
            #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
            #expect(run.output == served.output)
            // The same app by its name, its SQL being the server's.
            let fetched = try server.maser(["run", "shop", "--input", file, "--table", table])
            #expect(fetched.output == served.output, "\(fetched.errors)")
        }
        let missing = try server.maser(["run", "nothing", "--input", file])
        #expect(missing.exitCode == 1 && missing.errors.contains("nothing"), "\(missing.errors)")
    }

    @Test func severalTablesAreNamedOnEachLineOrHaveAFileEach() throws {
        let file = try folder.write("orders.jsonl", text(Self.orders(50, seed: 2)))
        let both = try maser("--input", file)
        #expect(both.exitCode == 0, "\(both.errors)")
        #expect(both.lines.allSatisfy { $0.hasPrefix("latest\t{") || $0.hasPrefix("by_city\t{") })
        let out = folder.path + "/out"
        let written = try maser("--input", file, "--out", out)
        #expect(written.exitCode == 0 && written.output.isEmpty, "\(written.errors)")
        for table in ["latest", "by_city"] {
            let rows = try String(contentsOfFile: "\(out)/\(table).jsonl", encoding: .utf8)
            #expect(rows == (try maser("--input", file, "--table", table)).output)
            #expect(
                text(both.lines.filter { $0.hasPrefix(table + "\t") }.map { String($0.dropFirst(table.count + 1)) })
                    == rows)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: out).count == 2)
    }

    @Test(arguments: [3, 4, 5] as [UInt64]) func partialsOfAnySplitCombineToTheRowsOfOneRun(seed: UInt64) throws {
        var generator = SystemRandomNumberGenerator()
        let orders = Self.orders(400, seed: seed)
        let whole = try maser("--input", folder.write("orders.jsonl", text(orders)))
        #expect(whole.exitCode == 0, "\(whole.errors)")
        var lines: [String] = []
        var rest = orders[...]
        var part = 0
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...150, using: &generator))
            let mapped = try maser("--map", "--split", "\(part)", input: text(rest.prefix(count)))
            #expect(mapped.exitCode == 0, "\(mapped.errors)")
            lines += mapped.lines
            rest = rest.dropFirst(count)
            part += 1
        }
        lines.shuffle(using: &generator)
        let combined = try maser("--reduce", "--states", input: text(lines.prefix(lines.count / 2)))
        #expect(combined.exitCode == 0, "\(combined.errors)")
        let keys = combined.lines.map { $0.prefix { $0 != "\t" } }
        #expect(Set(keys).count == keys.count)
        let reduced = try maser("--reduce", input: combined.output + text(lines.dropFirst(lines.count / 2)))
        #expect(reduced.exitCode == 0, "\(reduced.errors)")
        #expect(reduced.output == whole.output)
        // Sorted lines, as a shuffle has them, are in the order of the keys.
        let sorted = try maser("--reduce", "--states", "--table", "latest", input: text(lines.sorted()))
        #expect(sorted.lines.map { $0.prefix { $0 != "\t" } } == sorted.lines.map { $0.prefix { $0 != "\t" } }.sorted())
        let one = try maser("--reduce", "--table", "latest", input: text(lines))
        #expect(one.output == (try maser("--input", folder.path + "/orders.jsonl", "--table", "latest")).output)
    }

    @Test func whatCannotBeAppliedIsReportedWithItsPlaceAndFailsUnlessAllowed() throws {
        var orders = Self.orders(20, seed: 6)
        orders.insert("junk", at: 3)
        orders.insert(#"{"customer": "c1", "amount": 1}"#, at: 9)
        orders.insert("", at: 0)
        let file = try folder.write("orders.jsonl", text(orders))
        let good = try maser("--input", folder.write("good.jsonl", text(Self.orders(20, seed: 6))))
        let run = try maser("--input", file)
        #expect(run.exitCode == 1)
        #expect(run.output == good.output)
        #expect(run.errors.contains("\(file):5: "), "\(run.errors)")
        #expect(run.errors.contains("\(file):11: there is no event time"), "\(run.errors)")
        #expect(run.errors.contains("2 of 22 records could not be applied"), "\(run.errors)")
        let allowed = try maser("--input", file, "--max-errors", "2")
        #expect(allowed.exitCode == 0 && allowed.output == good.output, "\(allowed.errors)")
        let ended = try maser("--input", file, "--max-errors", "1")
        #expect(ended.exitCode == 1 && ended.output.isEmpty, "\(ended.output)")
        let mapped = try maser("--map", input: text(orders))
        #expect(mapped.exitCode == 1 && mapped.errors.contains("standard input:5: "), "\(mapped.errors)")
    }

    @Test func linesThatAreNoPartialsOfTheAppAreRefused() throws {
        let mapped = try maser("--map", input: text(Self.orders(5, seed: 7)))
        let line = try #require(mapped.lines.first { $0.hasPrefix("by_city:") })
        let fields = line.split(separator: "\t").map(String.init)
        #expect(fields.count == 3)
        let half = String(fields[2].prefix(fields[2].count / 8 * 4))
        for (bad, reason) in [
            ("junk", "no partial of"), ("by_city:0zz\t\(fields[1])\t\(fields[2])", "hexadecimal"),
            ("by_city:\t\(fields[1])\t\(fields[2])", "a key of table by_city"),
            ("\(fields[0])\t0123456789abcdef\t\(fields[2])", "another definition"),
            ("\(fields[0])\t\(fields[1])\t***", "base64"), ("\(fields[0])\t\(fields[1])\t\(half)", "damaged"),
            ("\(fields[0])\t\(fields[1])\t", "damaged"),
        ] {
            let reduced = try maser("--reduce", input: bad + "\n" + mapped.output)
            #expect(reduced.exitCode == 1, "\(bad)")
            #expect(
                reduced.errors.contains("standard input:1: ") && reduced.errors.contains(reason), "\(reduced.errors)")
        }
        let other = try folder.write("other.sql", Self.app.replacingOccurrences(of: "SUM(amount)", with: "MAX(amount)"))
        let mixed = try MaserBinary.run(["run", other, "--reduce"], input: mapped.output)
        #expect(mixed.exitCode == 1 && mixed.errors.contains("another definition of table by_city"), "\(mixed.errors)")
    }

    @Test func joinedTablesAndSeveralInputsComeFromFilesByName() throws {
        let joined = try folder.write(
            "joined.sql",
            """
            CREATE APPLICATION trade;
            CREATE CATEGORY orders FORMAT CSV; CREATE CATEGORY refunds FORMAT TSV;
            CREATE INPUT TABLE orders (city STRING, amount INT64) FROM CATEGORY 'orders';
            CREATE INPUT TABLE refunds (city STRING, amount INT64) FROM CATEGORY 'refunds';
            CREATE TABLE cities (city STRING, country STRING) PRIMARY KEY (city);
            CREATE TABLE sold AS SELECT c.country, SUM(o.amount) AS amount FROM orders AS o
                LEFT JOIN cities AS c ON o.city = c.city GROUP BY c.country;
            CREATE TABLE refunded AS SELECT city, SUM(amount) AS amount FROM refunds GROUP BY city;
            """)
        _ = try folder.write("cities.csv", "city,country\nParis,FR\nRome,IT\nNice,FR\n")
        let orders = folder.path + "/day=1"
        try FileManager.default.createDirectory(atPath: orders, withIntermediateDirectories: true)
        _ = try folder.write("day=1/a.csv", "city,amount\nParis,1\nNice,2\n")
        _ = try folder.write("day=1/b.csv", "city,amount\r\n\"Rome\",4\r\nOslo,8\r\n")
        let refunds = try folder.write("refunds", "city\tamount\nRome\t16\n")
        let arguments = ["run", joined, "--input", "orders=\(orders)", "refunds=\(refunds)", "--header"]
        let cities = ["--load", "cities=\(folder.path)/cities.csv"]
        let run = try MaserBinary.run(arguments + cities)
        #expect(
            run.lines == [
                "sold\t" + #"{"country":null,"amount":8}"#, "sold\t" + #"{"country":"FR","amount":3}"#,
                "sold\t" + #"{"country":"IT","amount":4}"#, "refunded\t" + #"{"city":"Rome","amount":16}"#,
            ], "\(run.errors)")
        let mapped = try MaserBinary.run(
            ["run", joined, "--map", "--table", "sold", "--input", "orders=-"] + cities, input: "Paris,1\nNice,2\n")
        let reduced = try MaserBinary.run(["run", joined, "--reduce", "--table", "sold"], input: mapped.output)
        #expect(reduced.lines == [#"{"country":"FR","amount":3}"#], "\(mapped.errors)\(reduced.errors)")

        func refuse(_ arguments: [String], _ exitCode: Int32, _ mention: String) throws {
            let outcome = try MaserBinary.run(arguments)
            #expect(outcome.exitCode == exitCode && outcome.errors.contains(mention), "\(arguments): \(outcome.errors)")
        }
        try refuse(arguments, 2, "--load cities=")
        try refuse(["run", joined, "--input", refunds] + cities, 2, "--input orders=")
        try refuse(["run", joined, "--input", "nowhere=\(refunds)"] + cities, 1, "nowhere")
        try refuse(["run", joined, "--input", "/no/such/file"] + cities, 2, "--input")
        try refuse(["run", joined, "--input", "orders=/no/such/file"] + cities, 1, "/no/such/file")
        try refuse(arguments + cities + ["--table", "nothing"], 1, "nothing")
        try refuse(arguments + ["--load", "cities=\(refunds)"], 1, refunds)
        try refuse(["run", joined, "--map", "--reduce"], 2, "two runs")
        try refuse(["run", joined], 2, "--input")
        try refuse(["run", folder.path + "/none.sql", "--input", "-"], 1, "none.sql")
    }

    @Test func upsertsWithoutEventTimeFollowTheNumbersOfTheParts() throws {
        let timeless = try folder.write(
            "latest.sql",
            Self.app.replacingOccurrences(of: " TIME at", with: "")
                .replacingOccurrences(of: " [1 DAY]", with: "").replacingOccurrences(
                    of: "LAST(customer)", with: "MAX(customer)"))
        func map(_ split: Int, _ amount: Int) throws -> String {
            try MaserBinary.run(
                ["run", timeless, "--map", "--table", "latest", "--split", "\(split)"],
                input: #"{"customer": "ada", "amount": \#(amount)}"# + "\n"
            ).output
        }
        let lines = try map(1, 2) + map(0, 1)
        let reduced = try MaserBinary.run(["run", timeless, "--reduce", "--table", "latest"], input: lines)
        #expect(reduced.lines == [#"{"customer":"ada","last_amount":2,"city":null}"#], "\(reduced.errors)")
        let refused = try MaserBinary.run(["run", timeless, "--map"], input: "")
        #expect(refused.exitCode == 2 && refused.errors.contains("--split"), "\(refused.errors)")
    }

    @Test func nothingIsLeftBehindAlsoWhereTheReaderGoesAway() throws {
        let file = try folder.write("orders.jsonl", text(Self.orders(3000, seed: 8)))
        let work = folder.path + "/work"
        #expect(try maser("--input", file, "--work", work, "--table", "latest").exitCode == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "'\(MaserBinary.path)' run '\(sql)' --input '\(file)' --work '\(work)' | true"]
        try process.run()
        process.waitUntilExit()
        #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
    }
}
