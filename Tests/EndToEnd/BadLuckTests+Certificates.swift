import Foundation
import Testing

extension BadLuckTests {
    @Test func aServerWithoutAUsableCertificateIsRefused() throws {
        let pki = try Certificates()
        func refuse(_ flags: [String: String], _ words: String...) throws {
            var arguments = [
                "serve", "--data", pki.path + "/data", "--endpoint", "127.0.0.1:0", "--operations", "127.0.0.1:0",
            ]
            for (flag, file) in flags { arguments += ["--" + flag, pki.path + "/" + file] }
            let line = try expectRefusal(arguments)
            for word in words { #expect(line.contains(word), "\(line)") }
        }
        try refuse([:], "maser certs", "--cert")
        try refuse(["cert": "none.pem", "key": "server.key"], "none.pem", "No such file")
        try refuse(["cert": "server.pem", "key": "none.key"], "none.key", "No such file")
        try refuse(["cert": "garbage.pem", "key": "server.key"], "garbage.pem", "no certificate")
        try refuse(["cert": "server.pem", "key": "garbage.pem"], "garbage.pem", "not the private key")
        try refuse(["cert": "server.pem", "key": "client.key"], "client.key", "not the private key")
        try refuse(["cert": "old-server.pem", "key": "server.key"], "old-server.pem", "expired on")
        try refuse(["cert": "server.pem", "key": "server.key", "ca": "none.pem"], "none.pem", "No such file")
        try refuse(
            ["cert": "server.pem", "key": "server.key", "ca": "garbage.pem"], "garbage.pem", "no CA certificate")
    }

    @Test func aClientIsToldWhatIsWrongWithItsCertificates() throws {
        let server = try ServerProcess()
        try server.start()
        let pki = try Certificates(in: server.certificates)
        let other = try Certificates()
        func refuse(
            ca: String?, cert: String? = nil, key: String? = nil, exitCode: Int32 = 1, host: String = "127.0.0.1",
            _ words: String...
        ) throws {
            var environment = ["MASER_ENDPOINT": "\(host):\(server.port)"]
            environment["MASER_CA"] = ca ?? ""
            environment["MASER_CERT"] = cert ?? ""
            environment["MASER_KEY"] = key ?? ""
            let line = try expectRefusal(["tables"], environment: environment, exitCode: exitCode)
            for word in words { #expect(line.contains(word), "\(line)") }
        }
        let (ca, cert, key) = (pki.path + "/ca.pem", pki.path + "/client.pem", pki.path + "/client.key")
        try refuse(ca: ca, "wants a client certificate", "MASER_CERT")
        try refuse(ca: nil, cert: cert, key: key, "not signed by a CA that this client trusts", "MASER_CA")
        try refuse(ca: other.path + "/ca.pem", cert: cert, key: key, "not signed by a CA that this client trusts")
        try refuse(ca: ca, cert: other.path + "/client.pem", key: other.path + "/client.key", "does not trust the CA")
        try refuse(ca: ca, cert: pki.path + "/server.pem", key: pki.path + "/server.key", "not made for a client")
        try refuse(ca: ca, cert: pki.path + "/old-client.pem", key: key, "old-client.pem", "expired on")
        try refuse(ca: ca, cert: cert, key: pki.path + "/server.key", "not the private key")
        try refuse(ca: ca, cert: cert, exitCode: 2, "--cert and --key")
        try refuse(ca: pki.path + "/none.pem", "none.pem", "No such file")
        try refuse(ca: pki.path + "/garbage.pem", "garbage.pem", "no CA certificate")
        try refuse(ca: ca, cert: pki.path + "/garbage.pem", key: key, "garbage.pem", "no certificate")
        #expect(try server.maser(["tables"]).exitCode == 0)

        // A client that does not look at its own certificate finds the server looking.
        let raw = try pki.connect(to: server.port, certificate: "old-client.pem")
        #expect(raw.errors.contains("certificate expired"), "\(raw.errors)")
        _ = try server.waitForLine(containing: "the client's certificate expired on")
    }

    @Test func aServerOfAnotherNameOrAnExpiredOneIsNotTrusted() throws {
        let pki = try Certificates()
        var environment = [
            "MASER_CA": pki.path + "/ca.pem", "MASER_CERT": pki.path + "/client.pem",
            "MASER_KEY": pki.path + "/client.key",
        ]
        // Maser itself does not start with an expired certificate; one may expire while it runs.
        for (certificate, words) in [
            ("old-server.pem", "the server's certificate expired on"),
            ("elsewhere.pem", "is for elsewhere.example, not for 127.0.0.1"),
        ] {
            let server = try pki.serve(certificate)
            defer { server.process.terminate() }
            environment["MASER_ENDPOINT"] = "127.0.0.1:\(server.port)"
            try expectRefusal(["tables"], environment: environment, mentions: words)
        }
    }
}
