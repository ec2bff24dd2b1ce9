internal import COpenSSL
internal import Glibc

/// A certificate with its private key: the only owner of both.
final class SignedCertificate {
    private let certificate: OpaquePointer
    private let key: OpaquePointer

    private init(owning certificate: OpaquePointer, _ key: OpaquePointer) {
        self.certificate = certificate
        self.key = key
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    // MARK: Making

    /// `issuer` nil: it signs itself.
    convenience init(
        _ subject: DevelopmentCertificates.Subject, issuer: SignedCertificate?
    ) throws(RPCError) {
        ERR_clear_error()
        guard let key = maser_make_p256_key() else { throw Self.failure("make a private key") }
        guard let certificate = X509_new() else {
            EVP_PKEY_free(key)
            throw Self.failure("make a certificate")
        }
        self.init(owning: certificate, key)
        X509_set_version(certificate, Int(X509_VERSION_3))
        try setSerialNumber()
        X509_gmtime_adj(X509_getm_notBefore(certificate), subject.validFrom)
        X509_gmtime_adj(X509_getm_notAfter(certificate), subject.validTo)
        guard let name = X509_get_subject_name(certificate),
            X509_NAME_add_entry_by_NID(
                name, NID_commonName, MBSTRING_UTF8, String(subject.name.suffix(Self.commonNameCharacters)), -1, -1, 0)
                == 1,
            X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate)) == 1,
            X509_set_pubkey(certificate, key) == 1
        else { throw Self.failure("name a certificate") }
        for (kind, value) in Self.extensions(of: subject) { try add(kind, value, issuer: issuer ?? self) }
        guard X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0 else {
            throw Self.failure("sign a certificate")
        }
    }

    /// More are not allowed, and an alternative name has all of them.
    private static let commonNameCharacters = 64

    private static func extensions(of subject: DevelopmentCertificates.Subject) -> [(Int32, String)] {
        var extensions = [(NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always")]
        switch subject.usage {
        case .authority:
            extensions += [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
            ]
        case .server:
            extensions += [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth"),
            ]
        case .client:
            extensions += [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "clientAuth"),
            ]
        }
        if !subject.hosts.isEmpty {
            let names = subject.hosts.map { host in
                guard let address = a2i_IPADDRESS(host) else { return "DNS:\(host)" }
                ASN1_OCTET_STRING_free(address)
                return "IP:\(host)"
            }
            extensions.append((NID_subject_alt_name, names.joined(separator: ",")))
        }
        if subject.hasAlternativeName {
            let kind = subject.name.contains("://") ? "URI" : subject.name.contains("@") ? "email" : "DNS"
            extensions.append((NID_subject_alt_name, "\(kind):\(subject.name)"))
        }
        return extensions
    }

    private func add(_ kind: Int32, _ value: String, issuer: SignedCertificate) throws(RPCError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer.certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_nconf_nid(nil, &context, kind, value) else {
            throw Self.failure("make the extension \(value)")
        }
        defer { X509_EXTENSION_free(made) }
        guard X509_add_ext(certificate, made, -1) == 1 else { throw Self.failure("add the extension \(value)") }
    }

    /// A random one: two certificates of one issuer must not share theirs.
    private func setSerialNumber() throws(RPCError) {
        guard let number = BN_new() else { throw Self.failure("make a serial number") }
        defer { BN_free(number) }
        guard BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
        else { throw Self.failure("make a serial number") }
    }

    private static func failure(_ what: String) -> RPCError {
        RPCError(.tlsFailed, "OpenSSL could not \(what): \(takeOpenSSLError())")
    }

    // MARK: Files

    /// Reads `path`.pem and `path`.key.
    convenience init(readingFrom path: String) throws(RPCError) {
        ERR_clear_error()
        let certificate = try Self.withFile("\(path).pem") { PEM_read_bio_X509($0, nil, nil, nil) }
        let key: OpaquePointer
        do throws(RPCError) {
            key = try Self.withFile("\(path).key") { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        } catch {
            X509_free(certificate)
            throw error
        }
        self.init(owning: certificate, key)
        guard X509_check_private_key(certificate, key) == 1 else {
            throw RPCError(.refused, "\(path).key is not the private key of \(path).pem")
        }
    }

    private static func withFile(
        _ path: String, _ read: (OpaquePointer) -> OpaquePointer?
    ) throws(RPCError) -> OpaquePointer {
        guard let bio = BIO_new_file(path, "r") else {
            let reason = String(cString: strerror(errno))
            ERR_clear_error()
            throw RPCError(.invalidArgument, "cannot read \(path): \(reason)")
        }
        defer { BIO_free(bio) }
        guard let found = read(bio) else {
            throw RPCError(.invalidArgument, "\(path) holds no PEM: \(takeOpenSSLError())")
        }
        return found
    }

    /// Writes `path`.pem and `path`.key, the key first and readable by its owner only. Returns both paths.
    @discardableResult
    func write(to path: String) throws(RPCError) -> [String] {
        let keyText = try pem { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        let certificateText = try pem { PEM_write_bio_X509($0, certificate) }
        try Self.replace("\(path).key", with: keyText, mode: 0o600)
        try Self.replace("\(path).pem", with: certificateText, mode: 0o644)
        return ["\(path).pem", "\(path).key"]
    }

    private func pem(_ write: (OpaquePointer) -> Int32) throws(RPCError) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { throw Self.failure("allocate memory") }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw Self.failure("write PEM") }
        return text(in: bio)
    }

    /// The file is there whole or as it was before, and never with a wider mode for a moment.
    private static func replace(_ path: String, with text: String, mode: mode_t) throws(RPCError) {
        let temporary = "\(path).new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else {
            throw RPCError(.invalidArgument, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        var text = text
        let isWritten = text.withUTF8 { Glibc.write(file, $0.baseAddress, $0.count) == $0.count } && fsync(file) == 0
        let reason = String(cString: strerror(errno))
        close(file)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw RPCError(.invalidArgument, "cannot write \(path): \(reason)")
        }
    }
}
