internal import COpenSSL
internal import Glibc

/// A small certificate authority for trying Maser out: a CA, a server certificate and a client certificate.
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

    package static let serverHosts = ["localhost", "127.0.0.1", "::1"]

    /// Writes ca.pem, ca.key, server.pem, server.key, client.pem and client.key into `directory`, which is made when it
    /// is missing. A CA that is there stays, and signs new certificates; `replacingCA` makes another one, after which
    /// nothing that the old one signed is trusted. Returns the files that were written.
    @discardableResult
    package static func write(
        to directory: String, hosts: [String] = serverHosts, replacingCA: Bool = false
    ) throws(RPCError) -> [String] {
        try makeDirectory(directory)
        let ca = "\(directory)/ca"
        let hasCertificate = access(ca + ".pem", F_OK) == 0
        let hasKey = access(ca + ".key", F_OK) == 0
        var written: [String] = []
        let authority: SignedCertificate
        if !replacingCA && hasCertificate && hasKey {
            authority = try SignedCertificate(readingFrom: ca)
        } else if !replacingCA && (hasCertificate || hasKey) {
            throw RPCError(
                .refused,
                "\(ca).\(hasCertificate ? "pem" : "key") is there without its other half, and is not overwritten: put that back, or ask for a new CA"
            )
        } else {
            authority = try SignedCertificate(
                Subject(name: "Maser development CA", usage: .authority, validTo: 10 * 365 * Subject.day), issuer: nil)
            written += try authority.write(to: ca)
        }
        for (file, subject) in [
            ("server", Subject(name: "maser server", usage: .server, hosts: hosts)),
            ("client", Subject(name: "maser client", usage: .client)),
        ] {
            written += try SignedCertificate(subject, issuer: authority).write(to: "\(directory)/\(file)")
        }
        return written
    }

    /// Writes one certificate and its key, signed by the CA in `directory`.
    package static func write(_ subject: Subject, named file: String, in directory: String) throws(RPCError) {
        let authority = try SignedCertificate(readingFrom: "\(directory)/ca")
        try SignedCertificate(subject, issuer: authority).write(to: "\(directory)/\(file)")
    }

    private static func makeDirectory(_ directory: String) throws(RPCError) {
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw RPCError(.invalidArgument, "cannot make \(directory): \(String(cString: strerror(errno)))")
        }
    }
}
