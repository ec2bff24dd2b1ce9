import Foundation
import Glibc
import MaserClient
import Testing

/// What is asked for most shows, hashed; in clear for those who administer the table, and nobody else.
@Suite(.serialized) struct HotKeyTests {
    private static let app = """
        CREATE TABLE airports (faa STRING, city STRING, name STRING) PRIMARY KEY (faa, city);
        CREATE TABLE others (id INT64, name STRING) PRIMARY KEY (id);
        """

    /// A server whose users `ops` administers everything, `owner` the airports, and `web` reads them.
    private func started() throws -> ServerProcess {
        let server = try ServerProcess()
        var certs = ["certs", server.certificates]
        for name in ["ops", "owner", "web"] { certs += ["--client", name] }
        #expect(try MaserBinary.run(certs).exitCode == 0)
        let grants = try server.folder.write(
            "grants", "ops admin *\nowner admin table airports\nowner read table *\nweb read table *\n")
        server.flags = ["--grants", grants]
        try server.start()
        for arguments in [
            ["deploy", try server.folder.write("app.sql", Self.app)],
            [
                "load", "airports",
                try server.folder.write("a.csv", "faa,city,name\nJFK,\"New York, NY\",Kennedy\nEWR,Newark,Liberty\n"),
            ],
            ["load", "others", try server.folder.write("o.csv", "id,name\n1,one\n")],
        ] {
            let outcome = try maser(server, as: "ops", arguments)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
        }
        return server
    }

    private func environment(_ server: ServerProcess, _ name: String) -> [String: String] {
        server.environment.merging([
            "MASER_CERT": server.certificates + "/\(name).pem", "MASER_KEY": server.certificates + "/\(name).key",
        ]) { $1 }
    }

    private func maser(
        _ server: ServerProcess, as name: String, _ arguments: [String]
    ) throws -> MaserBinary.Outcome {
        try MaserBinary.run(arguments, environment: environment(server, name))
    }

    private func ask(_ server: ServerProcess) async throws {
        let client = try await Client.connect(
            ClientConfiguration(
                endpoint: Endpoint(host: "127.0.0.1", port: server.port),
                security: .tls(
                    ca: server.certificates + "/ca.pem", certificate: server.certificates + "/web.pem",
                    key: server.certificates + "/web.key"),
                timeout: .seconds(5)))
        let (airports, others) = (try await client.table("airports"), try await client.table("others"))
        for index in 0..<100 {
            _ = try await airports.get(index % 4 == 0 ? "EWR" : "JFK", index % 4 == 0 ? "Newark" : "New York, NY")
            _ = try await others.get(1)
        }
        client.close()
    }

    private func hotKeys(
        _ server: ServerProcess, as name: String, _ arguments: String...
    ) throws -> [(table: String, key: String?, hash: String, share: Double)] {
        let outcome = try maser(server, as: name, ["status", "--json"] + arguments)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return try outcome.lines.compactMap { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            guard object["kind"] as? String == "hot_key" else { return nil }
            return (
                object["table"] as? String ?? "", object["key"] as? String, object["hash"] as? String ?? "",
                object["least_share"] as? Double ?? 0
            )
        }
    }

    @Test func hotKeysShowHashedAndInClearForWhoeverAdministersTheirTable() async throws {
        let server = try started()
        #expect(try hotKeys(server, as: "web").isEmpty)
        try await ask(server)

        let seen = try hotKeys(server, as: "web")
        #expect(seen.map(\.table) == ["airports", "airports", "others"])
        #expect(seen.map(\.share) == [0.75, 0.25, 1])
        #expect(seen.allSatisfy { $0.key == nil && $0.hash.count == 16 })
        let text = try maser(server, as: "web", ["status"]).output
        #expect(text.contains("key, hashed") && text.contains(seen[0].hash) && text.contains("75%"), "\(text)")
        #expect(!text.contains("JFK"))

        let all = try hotKeys(server, as: "ops", "--reveal")
        #expect(all.map(\.key) == [#"JFK,"New York, NY""#, "EWR,Newark", "1"])
        #expect(all.map(\.hash) == seen.map(\.hash))
        // What is shown is a key as `maser get` takes it.
        #expect(try maser(server, as: "ops", ["get", "airports", all[0].key ?? ""]).output.contains("Kennedy"))
        #expect(try hotKeys(server, as: "owner", "--reveal").map { $0.key != nil } == [true, true, false])
        try expectRefusal(
            ["status", "--reveal"], environment: environment(server, "web"), mentions: "web may not administer")
    }
}
