import Foundation

/// Certificates of every kind that does not do, beside those of `maser certs`, made by `openssl`.
final class Certificates {
    struct NotMade: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    private let folder: TemporaryFolder?

    /// In a folder of its own, or where `maser certs` has been already.
    init(in existing: String? = nil) throws {
        folder = existing == nil ? try TemporaryFolder() : nil
        path = existing ?? folder?.path ?? ""
        if existing == nil {
            let made = try MaserBinary.run(["certs", path])
            guard made.exitCode == 0 else { throw NotMade(description: made.errors) }
        }
        try Data("garbage\n".utf8).write(to: URL(fileURLWithPath: path + "/garbage.pem"))
        try sign("old-client.pem", "client.key", "extendedKeyUsage=clientAuth", days: -1)
        try sign("old-server.pem", "server.key", "subjectAltName=IP:127.0.0.1", days: -1)
        try sign("elsewhere.pem", "server.key", "subjectAltName=DNS:elsewhere.example", days: 1)
    }

    /// A negative number of days makes one that has expired.
    private func sign(_ file: String, _ key: String, _ fields: String, days: Int) throws {
        let extensions = URL(fileURLWithPath: path + "/" + file + ".ext")
        try Data((fields + "\n").utf8).write(to: extensions)
        let request = path + "/" + file + ".csr"
        try openssl(["req", "-new", "-key", path + "/" + key, "-subj", "/CN=maser test", "-out", request])
        try openssl([
            "x509", "-req", "-in", request, "-CA", path + "/ca.pem", "-CAkey", path + "/ca.key", "-set_serial",
            "\(Int.random(in: 1...1 << 40))", "-days", "\(days)", "-extfile", extensions.path, "-out",
            path + "/" + file,
        ])
    }

    private func openssl(_ arguments: [String]) throws {
        let made = try Tool.run("openssl", arguments)
        guard made.exitCode == 0 else { throw NotMade(description: made.errors) }
    }

    /// Sends bytes through TLS, and returns when the server has closed the connection.
    func connect(
        to port: Int, certificate: String = "client.pem", sending input: Data = Data([0])
    ) throws -> MaserBinary.Outcome {
        try Tool.run(
            "openssl",
            [
                "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", path + "/ca.pem", "-cert",
                path + "/" + certificate, "-key", path + "/client.key", "-quiet",
            ], input: input)
    }

    /// A TLS server that is not Maser.
    func serve(_ certificate: String) throws -> (process: Process, port: Int) {
        let log = URL(fileURLWithPath: path + "/s_server.log")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", path + "/" + certificate, "-key",
            path + "/server.key",
            "-www",
        ]
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<2000 {
            let line = try String(contentsOf: log, encoding: .utf8).split(separator: "\n").first {
                $0.hasPrefix("ACCEPT ")
            }
            if let port = line?.split(separator: ":").last.flatMap({ Int($0) }) { return (process, port) }
            usleep(5_000)
        }
        process.terminate()
        throw NotMade(description: "openssl s_server does not listen")
    }
}
