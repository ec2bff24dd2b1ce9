import Foundation
import Testing

/// What a product engineer does on the first day, through the command line alone.
@Suite(.serialized) struct MainJobTests {
    static let app = """
        CREATE APPLICATION shop OPTIONS (checkpoint = '20 ms');
        CREATE CATEGORY orders BUCKETS 4 BY customer FORMAT JSON;
        CREATE INPUT TABLE orders (
            at TIMESTAMP, customer STRING, amount INT64, price DOUBLE, city STRING FROM '$.address.city'
        ) FROM CATEGORY 'orders' TIME at;
        CREATE TABLE cities (city STRING, country STRING, people INT64) PRIMARY KEY (city);
        CREATE TABLE latest PRIMARY KEY (customer) AS
        SELECT customer, amount AS last_amount, city FROM orders DELETE WHERE amount < 0;
        CREATE TABLE by_city SHARD BY (city) AS
        SELECT city, COUNT(*) AS orders, SUM(amount) AS amount, AVG(price) AS mean_price,
               SUM(price) / COUNT(price) AS check_mean, MAX(price) AS dearest
        FROM orders [1 DAY] WHERE city IS NOT NULL GROUP BY city;
        """

    static let orders = """
        {"at": "2024-03-01T10:00:00Z", "customer": "ada", "amount": 2, "price": 0.1, "address": {"city": "Paris"}}
        {"at": "2024-03-01T23:59:59.999999Z", "customer": "bob", "amount": 3, "price": 0.2, "address": {"city": "Paris"}}
        {"at": "2024-03-02T01:00:00+02:00", "customer": "ada", "amount": 5, "price": 0.3, "address": {"city": "Paris"}}
        {"at": "2024-03-02T12:00:00Z", "customer": "eve", "amount": 7, "price": null, "address": {"city": "Rome"}}
        {"at": "2024-03-03T12:00:00Z", "customer": "bob", "amount": -1, "price": 1, "address": {}}
        not JSON
        {"at": "2024-03-02T12:00:00Z", "customer": "dan", "amount": "seven", "price": 1}

        """

    private func server() throws -> ServerProcess {
        let server = try ServerProcess()
        try server.start()
        return server
    }

    private func deployed() throws -> ServerProcess {
        let server = try server()
        let file = try server.folder.write("shop.sql", Self.app)
        let outcome = try server.maser(["deploy", file])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return server
    }

    @Test func recordsAppendedAreAggregatedAndServed() throws {
        let server = try deployed()
        let appended = try server.maser(["append", "orders"], input: Self.orders)
        #expect(appended.exitCode == 0, "\(appended.errors)")
        try server.waitUntilApplied()

        let rows = try server.maser([
            "get", "by_city", "--json", "Paris,2024-03-01", "Rome,2024-03-02", "Oslo,2024-03-01",
        ])
        #expect(rows.exitCode == 0, "\(rows.errors)")
        #expect(
            rows.lines == [
                #"{"city":"Paris","window_start":"2024-03-01T00:00:00Z","orders":3,"amount":10,"#
                    + #""mean_price":0.19999999999999998,"check_mean":0.19999999999999998,"dearest":0.3}"#,
                #"{"city":"Rome","window_start":"2024-03-02T00:00:00Z","orders":1,"amount":7,"#
                    + #""mean_price":null,"check_mean":null,"dearest":null}"#,
                "null",
            ])
        let latest = try server.maser(["scan", "latest", "--json"])
        #expect(
            latest.lines == [
                #"{"customer":"ada","last_amount":5,"city":"Paris"}"#,
                #"{"customer":"eve","last_amount":7,"city":"Rome"}"#,
            ])
        let folded = try server.maser([
            "fold", "by_city", "Paris", "--from", "2024-01-01", "--to", "2025-01-01", "--json",
        ])
        #expect(folded.lines.first?.contains(#""orders":3"#) == true, "\(folded.output)\(folded.errors)")

        let letters = try server.maser(["tail", "shop_dead_letters", "--json"])
        #expect(letters.lines.count == 2, "\(letters.output)")
        #expect(letters.output.contains("not JSON"))
        #expect(letters.output.contains("amount"))
        #expect(server.kill(SIGTERM) == 0)
    }

    @Test func everyRecordCountsOnceAcrossARestart() throws {
        let server = try deployed()
        for _ in 0..<3 {
            #expect(try server.maser(["append", "orders"], input: Self.orders).exitCode == 0)
            server.kill(SIGKILL)
            try server.start()
        }
        try server.waitUntilApplied()
        let row = try server.maser(["get", "by_city", "--json", "Paris,2024-03-01"])
        #expect(row.output.contains(#""orders":9,"amount":30"#), "\(row.output)")
        let letters = try server.maser(["tail", "shop_dead_letters", "--json"])
        #expect(letters.lines.count == 6)
    }

    @Test func aLoadBecomesTheServingVersionAndAWorseOneChangesNothing() throws {
        let server = try deployed()
        let file = try server.folder.write(
            "cities.csv", "city,country,people\nParis,FR,2100000\nRome,IT,NA\n\"Sa\"\"o\",BR,\n")
        let loaded = try server.maser(["load", "cities", file, "--null", "NA"])
        #expect(loaded.exitCode == 0, "\(loaded.errors)")
        let expected = [
            #"{"city":"Paris","country":"FR","people":2100000}"#, #"{"city":"Rome","country":"IT","people":null}"#,
            #"{"city":"Sa\"o","country":"BR","people":null}"#,
        ]
        #expect(try server.maser(["scan", "cities", "--json"]).lines == expected)

        let worse = try server.folder.write("worse.csv", "city,country,people\nParis,FR,many\n")
        let refused = try server.maser(["load", "cities", worse])
        #expect(refused.exitCode == 1)
        #expect(
            refused.errors.contains("worse.csv") && refused.errors.contains("2") && refused.errors.contains("people"))
        #expect(try server.maser(["scan", "cities", "--json"]).lines == expected)

        let lines = try server.folder.write(
            "cities.jsonl", #"{"city": "Oslo", "country": "NO", "people": 700000}"# + "\n")
        // One row in the place of three looks like half a file.
        let held = try server.maser(["load", "cities", lines])
        #expect(held.exitCode == 1)
        #expect(held.errors.contains("rows") && held.errors.contains("maser rollback cities"))
        #expect(try server.maser(["scan", "cities", "--json"]).lines == expected)
        #expect(try server.maser(["load", "cities", lines, "--force"]).exitCode == 0)
        #expect(
            try server.maser(["scan", "cities", "--json"]).lines
                == [#"{"city":"Oslo","country":"NO","people":700000}"#])
    }

    @Test func deployingTheSameFileTwiceChangesNothingAndAChangedOneIsRefused() throws {
        let server = try deployed()
        let same = try server.maser(["deploy", server.folder.path + "/shop.sql"])
        #expect(same.exitCode == 0, "\(same.errors)")
        let changed = try server.folder.write(
            "shop.sql", Self.app.replacingOccurrences(of: "MAX(price)", with: "MIN(price)"))
        let refused = try server.maser(["deploy", changed])
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("shop.sql:"), "\(refused.errors)")
    }

    @Test func badInputGetsOneLineThatSaysWhatToDo() throws {
        let server = try deployed()
        func expectRefusal(_ arguments: [String], mentions: String, exitCode: Int32 = 1) throws {
            let outcome = try server.maser(arguments)
            #expect(outcome.exitCode == exitCode, "\(arguments): \(outcome.output)\(outcome.errors)")
            #expect(outcome.errors.contains(mentions), "\(arguments): \(outcome.errors)")
        }
        try expectRefusal(["get", "nothing", "a"], mentions: "nothing")
        try expectRefusal(["get", "by_city", "Paris,not-a-date"], mentions: "window_start")
        try expectRefusal(["get", "by_city", "Paris,2024-03-01,more"], mentions: "by_city")
        try expectRefusal(["append", "nowhere", "/dev/null"], mentions: "nowhere")
        try expectRefusal(["fold", "latest", "ada"], mentions: "latest")
        try expectRefusal(["deploy", "/no/such/file.sql"], mentions: "/no/such/file.sql")
        try expectRefusal(["load", "by_city", "/dev/null"], mentions: "by_city")
        try expectRefusal(["nonsense"], mentions: "nonsense", exitCode: 2)
        let typo = try server.folder.write(
            "typo.sql",
            "CREATE APPLICATION typo;\nCREATE TABLE t AS SELECT ctiy, COUNT(*) AS n FROM orders GROUP BY city;\n")
        try expectRefusal(["deploy", typo], mentions: "typo.sql:2:")
    }

    @Test func aSecondServerOnTheFolderIsRefused() throws {
        let server = try server()
        let second = try MaserBinary.run([
            "serve", "--data", server.data, "--plaintext", "--endpoint", "127.0.0.1:0", "--operations", "127.0.0.1:0",
        ])
        #expect(second.exitCode == 1)
        #expect(second.errors.contains(server.data), "\(second.errors)")
        #expect(try server.maser(["tables"]).exitCode == 0)
    }
}
