import Foundation
import Glibc
import Testing

/// What goes wrong in the world around a server, and what its people then read. Whatever it is, nothing is lost.
@Suite(.serialized) struct BadLuckTests {
    static let app = """
        CREATE APPLICATION shop OPTIONS (checkpoint = '20 ms');
        CREATE CATEGORY orders BUCKETS 2 BY id FORMAT JSON;
        CREATE INPUT TABLE orders (at TIMESTAMP, id INT64, amount INT64, note STRING) FROM CATEGORY 'orders' TIME at;
        CREATE TABLE cities (city STRING, country STRING, people INT64) PRIMARY KEY (city);
        CREATE TABLE by_id AS SELECT id, COUNT(*) AS times, SUM(amount) AS amount FROM orders GROUP BY id;
        CREATE TABLE notes PRIMARY KEY (id) AS SELECT id, note FROM orders;
        """

    /// A server with the app, and Paris among its cities.
    static func deploy(to server: ServerProcess) throws {
        try server.start()
        let deployed = try server.maser(["deploy", try server.folder.write("shop.sql", app)])
        #expect(deployed.exitCode == 0, "\(deployed.errors)")
        let file = try server.folder.write("cities.csv", "city,country,people\nParis,FR,2100000\n")
        let loaded = try server.maser(["load", "cities", file])
        #expect(loaded.exitCode == 0, "\(loaded.errors)")
    }

    static func deployed() throws -> ServerProcess {
        let server = try ServerProcess()
        try deploy(to: server)
        return server
    }

    static let paris = [#"{"city":"Paris","country":"FR","people":2100000}"#]

    // MARK: Starting

    private static let anywhere = ["--plaintext", "--endpoint", "127.0.0.1:0", "--operations", "127.0.0.1:0"]

    @Test func anUnreadableConfigurationIsRefused() throws {
        let folder = try TemporaryFolder()
        func serve(_ file: String, _ text: String? = nil) throws -> [String] {
            if let text { _ = try folder.write(file, text) }
            return ["serve", "--data", folder.path + "/data", "--config", folder.path + "/" + file]
        }
        try expectRefusal(serve("none.json"), mentions: "none.json", "No such file")
        try expectRefusal(["serve", "--data", folder.path, "--config", folder.path], mentions: "Is a directory")
        try expectRefusal(serve("bad.json", "{\"memory\": \n"), mentions: "bad.json", "not JSON")
        try expectRefusal(serve("list.json", "[1]"), mentions: "list.json", "JSON object")
        try expectRefusal(serve("typo.json", #"{"memroy": "1GiB"}"#), mentions: "memroy", "memory")
        try expectRefusal(serve("type.json", #"{"memory": 5}"#), mentions: "memory", "text")
        try expectRefusal(serve("type.json", #"{"shards": "many"}"#), mentions: "shards", "number")
        try expectRefusal(serve("odd.json", #"{"shards": 65}"#), mentions: "shards", "power of two")
        try expectRefusal(serve("where.json", #"{"endpoint": "here"}"#), mentions: "endpoint", "HOST:PORT")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
    }

    @Test func aDataFolderThatCannotBeWrittenIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", "")
        try expectRefusal(["serve", "--data", file] + Self.anywhere, mentions: file, "Not a directory")
        try expectRefusal(["serve", "--data", file + "/data"] + Self.anywhere, mentions: file, "Not a directory")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "this user may not mount a file system"))
    func aReadOnlyFileSystemIsRefused() throws {
        let folder = try TemporaryFolder()
        let disk = try SmallDisk(at: folder.path + "/disk", megabytes: 1)
        try disk.makeReadOnly()
        try expectRefusal(["serve", "--data", disk.path] + Self.anywhere, mentions: disk.path, "Read-only")
        try expectRefusal(["serve", "--data", disk.path + "/data"] + Self.anywhere, mentions: disk.path, "Read-only")
    }

    @Test func aPortInUseIsRefusedAndItsHolderGoesOn() throws {
        let server = try ServerProcess()
        try server.start()
        let operations = try server.waitForLine(startingWith: "operations on http://")
            .replacingOccurrences(of: "operations on http://", with: "")
        let data = ["serve", "--data", server.folder.path + "/other", "--plaintext"]
        try expectRefusal(
            data + ["--endpoint", "127.0.0.1:\(server.port)", "--operations", "127.0.0.1:0"],
            mentions: "127.0.0.1:\(server.port)", "Address already in use")
        try expectRefusal(
            data + ["--endpoint", "127.0.0.1:0", "--operations", operations],
            mentions: operations, "Address already in use")
        try expectRefusal(
            data + ["--endpoint", "127.0.0.1:0", "--operations", "no.such.host.invalid:1"], mentions: "no such host")
        #expect(try server.maser(["tables"]).exitCode == 0)
    }

    @Test func nobodyAtTheEndpointIsSaid() throws {
        let folder = try TemporaryFolder()
        #expect(try MaserBinary.run(["certs", folder.path]).exitCode == 0)
        func environment(_ endpoint: String) -> [String: String] {
            ["MASER_ENDPOINT": endpoint, "MASER_CA": folder.path + "/ca.pem"]
        }
        try expectRefusal(
            ["tables"], environment: environment("127.0.0.1:1"), mentions: "127.0.0.1:1", "Connection refused",
            "MASER_ENDPOINT")
        try expectRefusal(
            ["tables"], environment: environment("no.such.host.invalid"), mentions: "no.such.host.invalid",
            "no such host")
        try expectRefusal(
            ["tables"], environment: environment("127.0.0.1:99999"), mentions: "HOST:PORT", exitCode: 2)
    }

    // MARK: Asking for what is not there

    @Test func namesAndKeysThatDoNotFitAreRefused() throws {
        let server = try Self.deployed()
        func refuse(_ arguments: [String], _ first: String, _ second: String = "") throws {
            try expectRefusal(
                arguments, environment: server.environment, mentions: first, second.isEmpty ? first : second)
        }
        for command in ["get", "scan", "describe", "versions"] {
            try refuse([command, "nothing"] + (command == "get" ? ["1"] : []), "no table nothing", "maser tables")
        }
        try refuse(["load", "nothing", "/dev/null"], "no table nothing", "maser tables")
        try refuse(["append", "nowhere", "/dev/null"], "no category nowhere", "CREATE CATEGORY")
        try refuse(["tail", "nowhere"], "no category nowhere", "CREATE CATEGORY")
        try refuse(["tail", "orders", "--bucket", "7"], "orders", "0 to 1")
        try refuse(["delete", "noapp"], "no app noapp", "maser apps")
        try refuse(["get", "by_id", "1,2"], "by_id", "id")
        try refuse(["get", "by_id", "one"], "INT64", "one")
        try refuse(["get", "by_id", #"["one"]"#], "INT64", "id")
        try refuse(["get", "by_id", #"[1"#], "by_id", "JSON")
        try refuse(["get", "by_id", #""1"#], "by_id", "quote")
        try refuse(["scan", "by_id", "1,2"], "by_id", "id")
        try refuse(["fold", "by_id", "1"], "by_id")
        try refuse(["append", "orders", "/no/such.jsonl"], "/no/such.jsonl", "No such file")
        try refuse(["append", "orders", "/tmp"], "/tmp", "Is a directory")
        try refuse(["load", "cities", "/no/such.csv"], "/no/such.csv")
        #expect(try server.maser(["scan", "cities", "--json"]).lines == Self.paris)
    }

    @Test func anUnknownColumnInSQLIsShownWhereItStands() throws {
        let server = try Self.deployed()
        let file = try server.folder.write(
            "typo.sql",
            """
            CREATE APPLICATION typo;
            CREATE INPUT TABLE i (id INT64) FROM CATEGORY 'orders';
            CREATE TABLE t AS SELECT di, COUNT(*) AS n FROM i GROUP BY id;
            """)
        let outcome = try server.maser(["deploy", file])
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("typo.sql:3:26: "), "\(outcome.errors)")
        #expect(outcome.errors.contains("\n" + String(repeating: " ", count: 27) + "^"), "\(outcome.errors)")
        #expect(try !server.maser(["apps"]).output.contains("typo"))
    }
}
