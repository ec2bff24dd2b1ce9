import Foundation
import Testing

@testable import RPC

@Suite("Development certificates")
struct DevelopmentCertificatesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func read(_ file: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)"))
    }

    @Test("a CA, a server and a client are written, and only their owner can read the private keys")
    func files() throws {
        let directory = "\(folder.path)/certs"
        let written = try DevelopmentCertificates.write(to: directory)
        let names = ["ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key"]
        #expect(written.map(\.description) == names.map { "\(directory)/\($0)" })
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == names.sorted())
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
            let mode = attributes[.posixPermissions] as? Int
            #expect(name.hasSuffix(".key") ? mode == 0o600 : (mode ?? 0) & 0o400 != 0, "\(name)")
        }
    }

    @Test("openssl finds the chains good for their purpose")
    func verification() throws {
        try DevelopmentCertificates.write(to: folder.path)
        for (file, purpose) in [("server", "sslserver"), ("client", "sslclient")] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "openssl", "verify", "-x509_strict", "-CAfile", "\(folder.path)/ca.pem", "-purpose", purpose,
                "\(folder.path)/\(file).pem",
            ]
            process.standardOutput = nil
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }

    @Test("a CA that is there stays, and signs new certificates")
    func renewal() throws {
        try DevelopmentCertificates.write(to: folder.path)
        let (ca, server) = (try read("ca.pem"), try read("server.pem"))
        let written = try DevelopmentCertificates.write(to: folder.path)
        #expect(written.map(\.isReplaced) == [true, true, true, true])
        #expect(try read("ca.pem") == ca)
        #expect(try read("server.pem") != server)
        try DevelopmentCertificates.write(to: folder.path, replacingCA: true)
        #expect(try read("ca.pem") != ca)
    }

    @Test("half a CA is not overwritten unless asked")
    func halfCA() throws {
        try DevelopmentCertificates.write(to: folder.path)
        try FileManager.default.removeItem(atPath: "\(folder.path)/ca.key")
        let ca = try read("ca.pem")
        let error = #expect(throws: RPCError.self) { try DevelopmentCertificates.write(to: folder.path) }
        #expect(error?.code == .refused)
        #expect(try read("ca.pem") == ca)
        #expect(try DevelopmentCertificates.write(to: folder.path, replacingCA: true).count == 6)
    }

    @Test("a folder that cannot be written is one line")
    func unwritable() throws {
        let error = #expect(throws: RPCError.self) { try DevelopmentCertificates.write(to: "/proc/no/such") }
        #expect(error?.message.contains("/proc/no/such") == true)
    }

    @Test("clients are made by name, one by one, and none that is there is overwritten unless asked")
    func clients() throws {
        let made = try DevelopmentCertificates.writeClients(
            ["web-1", "spiffe://example.com/ns/feeder"], to: folder.path, replacing: false, seconds: 3600)
        let names = ["ca.pem", "ca.key", "feeder.pem", "feeder.key", "web-1.pem", "web-1.key"]
        #expect(made.map(\.description) == names.map { "\(folder.path)/\($0)" })
        let former = try read("web-1.pem")
        let error = #expect(throws: RPCError.self) {
            try DevelopmentCertificates.writeClients(
                ["new", "web-1"], to: folder.path, replacing: false, seconds: 3600)
        }
        #expect(
            error?.message
                == "\(folder.path)/web-1.pem is there already, and is not overwritten; --replace makes another one")
        #expect(try read("web-1.pem") == former)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/new.pem"))
        let again = try DevelopmentCertificates.writeClients(["web-1"], to: folder.path, replacing: true, seconds: 3600)
        #expect(again.map(\.description) == ["pem", "key"].map { "\(folder.path)/web-1.\($0) (replaced)" })
    }

    @Test(
        "names that would say something else in a certificate, or be another file, are refused",
        arguments: [
            "a,URI:spiffe://example.com/ops", "", "two words", "line\nfeed", "ca", "server", "x/..", "ümlaut",
        ])
    func badNames(name: String) throws {
        #expect(throws: RPCError.self) {
            try DevelopmentCertificates.writeClients([name], to: folder.path, replacing: true, seconds: 3600)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
