import Foundation
import Glibc
import MaserClient
import Testing

/// Who may do what, as people meet it: grants, quotas and certificates that change while a server runs.
@Suite(.serialized) struct GrantTests {
    private static let app = """
        CREATE TABLE airports (faa STRING, name STRING) PRIMARY KEY (faa);
        CREATE TABLE secrets (name STRING, value STRING) PRIMARY KEY (name);
        """

    /// A server with grants, two tables, and clients by name.
    private final class Guarded {
        let server: ServerProcess
        var file: String { server.folder.path + "/grants" }

        init(_ grants: String) throws {
            server = try ServerProcess()
            let made = try MaserBinary.run(
                ["certs", server.certificates, "--client", "web-1", "--client", "spiffe://example.com/ops"])
            #expect(made.exitCode == 0, "\(made.errors)")
            server.flags = ["--grants", file]
            try grant(grants)
            try server.start()
            let deployed = try maser(as: "ops", ["deploy", try server.folder.write("app.sql", GrantTests.app)])
            #expect(deployed.exitCode == 0, "\(deployed.errors)")
            let rows = try server.folder.write("airports.csv", "faa,name\nJFK,Kennedy\n")
            let loaded = try maser(as: "ops", ["load", "airports", rows])
            #expect(loaded.exitCode == 0, "\(loaded.errors)")
        }

        func grant(_ lines: String) throws {
            try (lines + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        }

        /// As a user with that file among the certificates.
        func environment(_ name: String) -> [String: String] {
            server.environment.merging([
                "MASER_CERT": server.certificates + "/\(name).pem", "MASER_KEY": server.certificates + "/\(name).key",
            ]) { $1 }
        }

        func maser(as name: String, _ arguments: [String]) throws -> MaserBinary.Outcome {
            try MaserBinary.run(arguments, environment: environment(name))
        }

        func connect(as name: String, timeout: Duration = .seconds(5)) async throws -> Client {
            try await Client.connect(
                ClientConfiguration(
                    endpoint: Endpoint(host: "127.0.0.1", port: server.port),
                    security: .tls(
                        ca: server.certificates + "/ca.pem", certificate: server.certificates + "/\(name).pem",
                        key: server.certificates + "/\(name).key"),
                    timeout: timeout))
        }
    }

    private static let ops = "spiffe://example.com/ops  admin  *"

    @Test func aUserIsToldWhatIsMissingAndSeesNothingElse() throws {
        let guarded = try Guarded("\(Self.ops)\nweb-*  read  table airports")
        #expect(guarded.server.log.contains("(TLS 1.3; clients need a certificate of the CA; 2 grants of "))
        #expect(try guarded.maser(as: "web-1", ["get", "airports", "JFK"]).exitCode == 0)
        #expect(try guarded.maser(as: "web-1", ["tables", "--json"]).lines.count == 1)
        #expect(try guarded.maser(as: "ops", ["tables", "--json"]).lines.count == 2)
        try expectRefusal(
            ["get", "secrets", "x"], environment: guarded.environment("web-1"),
            mentions: "web-1 may not read table secrets", "`web-1 read table secrets`", "grants file")
        try expectRefusal(
            ["deploy", guarded.server.folder.path + "/app.sql"], environment: guarded.environment("web-1"),
            mentions: "web-1 may not administer the server")
        try expectRefusal(
            ["load", "airports", guarded.server.folder.path + "/airports.csv"],
            environment: guarded.environment("web-1"), mentions: "web-1 may not load table airports")
    }

    @Test func aGrantThatIsRemovedIsGoneOnAnOpenConnection() async throws {
        let guarded = try Guarded("\(Self.ops)\nweb-1  read  table airports")
        let client = try await guarded.connect(as: "web-1")
        let airports = try await client.table("airports")
        #expect(try await airports.get("JFK") != nil)
        try guarded.grant(Self.ops)
        // No signal: the file has changed.
        _ = try guarded.server.waitForLine(containing: "were read again: 1 grant")
        let error = await #expect(throws: ClientError.self) { _ = try await airports.get("JFK") }
        #expect(error?.message.contains("web-1 may not read table airports") == true, "\(error?.message ?? "")")
        // A wrong line changes nothing, and is said.
        try guarded.grant("\(Self.ops)\nweb-1  reads  table airports")
        guarded.server.send(SIGHUP)
        let line = try guarded.server.waitForLine(containing: "stay as they were")
        #expect(line.contains("/grants:2: \"reads\" is no right"), "\(line)")
        #expect(await errorOfGet(airports)?.contains("may not read") == true)
        try guarded.grant("\(Self.ops)\n*  read  table air*\nweb-?  limit  requests=1000000")
        guarded.server.send(SIGHUP)
        _ = try guarded.server.waitForLine(containing: "were read again: 2 grants and 1 limit")
        #expect(try await airports.get("JFK") != nil)
        client.close()
    }

    private func errorOfGet(_ table: Table<Row>) async -> String? {
        do {
            _ = try await table.get("JFK")
            return nil
        } catch {
            return error.message
        }
    }

    @Test func aQuotaIsNamedWhenItIsUsedUp() async throws {
        let guarded = try Guarded("\(Self.ops)\nweb-*  read  *\nweb-*  limit  requests=5")
        let client = try await guarded.connect(as: "web-1", timeout: .milliseconds(100))
        let airports = try await client.table("airports")
        var message: String?
        for _ in 0..<100 where message == nil { message = await errorOfGet(airports) }
        #expect(
            message?.contains("web-1 has used its quota of 5 requests a second") == true, "\(message ?? "no error")")
        // Nobody else is affected.
        #expect(try guarded.maser(as: "ops", ["get", "airports", "JFK"]).exitCode == 0)
        client.close()
    }

    @Test func aServerWithAWrongGrantsFileDoesNotStart() throws {
        let server = try ServerProcess()
        let file = try server.folder.write("grants", "web-1 read\n")
        let certificates = server.certificates
        try expectRefusal(
            [
                "serve", "--data", server.data, "--endpoint", "127.0.0.1:0", "--operations", "127.0.0.1:0", "--cert",
                certificates + "/server.pem", "--key", certificates + "/server.key", "--grants", file,
            ], mentions: "/grants:1: what is granted is")
        try expectRefusal(
            ["serve", "--data", server.data, "--cert", "a", "--key", "b", "--tls", "1.1"], mentions: "tls is \"1.1\"")
    }

    @Test func certificatesAreReplacedWhileConnectionsStay() async throws {
        let guarded = try Guarded("*  read  *\n\(Self.ops)")
        let client = try await guarded.connect(as: "web-1")
        let airports = try await client.table("airports")
        #expect(try await airports.get("JFK") != nil)
        let former = guarded.server.certificates + "-former"
        try FileManager.default.copyItem(atPath: guarded.server.certificates, toPath: former)

        // Half of a new pair is none.
        try "garbage".write(
            toFile: guarded.server.certificates + "/server.pem", atomically: true, encoding: .utf8)
        guarded.server.send(SIGHUP)
        let line = try guarded.server.waitForLine(containing: "the certificates stay as they were")
        #expect(line.contains("server.pem holds no certificate in PEM"), "\(line)")
        #expect(try guarded.maser(as: "web-1", ["get", "airports", "JFK"]).exitCode == 0)

        let made = try MaserBinary.run(["certs", guarded.server.certificates, "--replace-ca"])
        #expect(made.lines.allSatisfy { $0.hasSuffix(" (replaced)") }, "\(made.output)")
        guarded.server.send(SIGHUP)
        _ = try guarded.server.waitForLine(containing: "the certificates were read again: the server's ends on ")
        #expect(try guarded.maser(as: "client", ["get", "airports", "JFK"]).exitCode == 0)
        try expectRefusal(
            ["get", "airports", "JFK"],
            environment: guarded.environment("web-1").merging(["MASER_CA": former + "/ca.pem"]) { $1 },
            mentions: "not signed by a CA that this client trusts")
        try expectRefusal(
            ["get", "airports", "JFK"], environment: guarded.environment("web-1"),
            mentions: "does not trust the CA of this client's certificate")
        #expect(try await airports.get("JFK") != nil)
        client.close()
    }
}
