internal import COpenSSL
internal import Glibc

/// A small certificate authority for trying Maser out: a CA, a server certificate and client certificates.
///
/// Keys are on the curve P-256; private keys are written so that only their owner can read them.
package enum DevelopmentCertificates {
    /// What a certificate says and for how long.
    package struct Subject: Sendable {
        package enum Usage: Sendable { case authority, server, client }

        package var name: String
        package var usage: Usage
        /// Names and addresses of a server.
        package var hosts: [String]
        /// Of a client whose name stands among the alternative names: as a URI, an e-mail address or a DNS name, by what it
        /// looks like. Else it is the common name alone.
        package var hasAlternativeName = false
        /// Seconds from now.
        package var validFrom: Int
        package var validTo: Int

        package init(
            name: String, usage: Usage, hosts: [String] = [], validFrom: Int = -hour, validTo: Int = 365 * day
        ) {
            self.name = name
            self.usage = usage
            self.hosts = hosts
            self.validFrom = validFrom
            self.validTo = validTo
        }

        package static let hour = 3600
        package static let day = 24 * hour
    }

    /// A file, and whether there was another one in its place.
    package struct WrittenFile: Hashable, Sendable, CustomStringConvertible {
        package let path: String
        package let isReplaced: Bool

        package var description: String { isReplaced ? "\(path) (replaced)" : path }
    }

    package static let serverHosts = ["localhost", "127.0.0.1", "::1"]
    /// What the client's certificate of a new folder is for.
    package static let firstClient = "client"

    /// Writes ca.pem, ca.key, server.pem, server.key, client.pem and client.key into `directory`, which is made when it
    /// is missing. A CA that is there stays, and signs new certificates; `replacingCA` makes another one, after which
    /// nothing that the old one signed is trusted. Returns the files that were written.
    @discardableResult
    package static func write(
        to directory: String, hosts: [String] = serverHosts, replacingCA: Bool = false, seconds: Int = 365 * Subject.day
    ) throws(RPCError) -> [WrittenFile] {
        for host in hosts { try check(name: host, "host") }
        var (authority, written) = try authority(in: directory, isReplaced: replacingCA)
        let server = Subject(name: "maser server", usage: .server, hosts: hosts, validTo: seconds)
        written += try write(server, signedBy: authority, to: "\(directory)/server")
        written += try write(client(firstClient, seconds: seconds), signedBy: authority, to: "\(directory)/client")
        return written
    }

    /// Writes a certificate for each of `names`, signed by the CA in `directory`; the CA is made where there is none. Unless
    /// `replacing`, one that is there already is refused, and nothing is written.
    package static func writeClients(
        _ names: [String], to directory: String, replacing: Bool, seconds: Int
    ) throws(RPCError) -> [WrittenFile] {
        var files: [String: String] = [:]
        for name in names {
            try check(name: name, "name")
            let file = try fileName(ofClient: name)
            if let other = files.updateValue(name, forKey: file), other != name {
                throw RPCError(
                    .invalidArgument, "\(other) and \(name) would both be \(file).pem; make them in two folders")
            }
            for path in ["\(directory)/\(file).pem", "\(directory)/\(file).key"]
            where !replacing && access(path, F_OK) == 0 {
                throw RPCError(
                    .refused, "\(path) is there already, and is not overwritten; --replace makes another one")
            }
        }
        var (authority, written) = try authority(in: directory, isReplaced: false)
        for (file, name) in files.sorted(by: { $0.key < $1.key }) {
            written += try write(client(name, seconds: seconds), signedBy: authority, to: "\(directory)/\(file)")
        }
        return written
    }

    /// Writes one certificate and its key, signed by the CA in `directory`.
    package static func write(_ subject: Subject, named file: String, in directory: String) throws(RPCError) {
        let authority = try SignedCertificate(readingFrom: "\(directory)/ca")
        try SignedCertificate(subject, issuer: authority).write(to: "\(directory)/\(file)")
    }

    private static func client(_ name: String, seconds: Int) -> Subject {
        var subject = Subject(name: name, usage: .client, validTo: seconds)
        subject.hasAlternativeName = true
        return subject
    }

    private static func write(
        _ subject: Subject, signedBy authority: SignedCertificate, to path: String
    ) throws(RPCError) -> [WrittenFile] {
        let isReplaced = access("\(path).pem", F_OK) == 0 || access("\(path).key", F_OK) == 0
        return try SignedCertificate(subject, issuer: authority).write(to: path).map {
            WrittenFile(path: $0, isReplaced: isReplaced)
        }
    }

    /// The CA of a folder, and what was written to have one.
    private static func authority(
        in directory: String, isReplaced: Bool
    ) throws(RPCError) -> (SignedCertificate, [WrittenFile]) {
        try makeDirectory(directory)
        let ca = "\(directory)/ca"
        let hasCertificate = access(ca + ".pem", F_OK) == 0
        let hasKey = access(ca + ".key", F_OK) == 0
        if !isReplaced && hasCertificate && hasKey { return (try SignedCertificate(readingFrom: ca), []) }
        guard isReplaced || !(hasCertificate || hasKey) else {
            throw RPCError(
                .refused,
                "\(ca).\(hasCertificate ? "pem" : "key") is there without its other half, and is not overwritten: put that back, or ask for a new CA"
            )
        }
        let authority = try SignedCertificate(
            Subject(name: "Maser development CA", usage: .authority, validTo: 10 * 365 * Subject.day), issuer: nil)
        let written = try authority.write(to: ca).map {
            WrittenFile(path: $0, isReplaced: hasCertificate || hasKey)
        }
        return (authority, written)
    }

    /// A name stands in a line of OpenSSL's own syntax, in which a comma would begin another name.
    private static func check(name: String, _ what: String) throws(RPCError) {
        let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !#",;"\'"#.utf8.contains($0) }
        guard isPlain, (1...CallerName.greatestBytes).contains(name.utf8.count) else {
            throw RPCError(
                .invalidArgument,
                "the \(what) \"\(name)\" cannot stand in a certificate; it takes letters, digits and .-_:/@ without blanks"
            )
        }
    }

    /// The last part of a URI, or the name itself.
    private static func fileName(ofClient name: String) throws(RPCError) -> String {
        let file = String(name.split(separator: "/").last ?? "")
        guard !file.isEmpty, !file.hasPrefix("."), !["ca", "server"].contains(file.lowercased()) else {
            throw RPCError(.invalidArgument, "a client cannot be named \(name): \(file).pem is another file here")
        }
        return file
    }

    private static func makeDirectory(_ directory: String) throws(RPCError) {
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw RPCError(.invalidArgument, "cannot make \(directory): \(String(cString: strerror(errno)))")
        }
    }
}
