internal import COpenSSL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Certificates, keys and settings that many connections share: OpenSSL's SSL_CTX, its only owner.
package final class TLSContext: @unchecked Sendable {
    // OpenSSL locks an SSL_CTX itself; after init nothing here changes it.
    let pointer: OpaquePointer
    let isServer: Bool
    /// Whether this side has a certificate to show.
    let hasCertificate: Bool
    let leastVersion: TLSVersion
    /// A server's.
    let tickets: TicketKeys?
    /// A client's.
    let sessions: ResumableSessions?
    /// When this side's certificate ends, in seconds since 1970.
    private(set) var certificateExpiry: Int64?
    /// When the first of the CA's certificates does.
    private(set) var authorityExpiry: Int64?

    /// - Parameter tickets: shared with the context before it, whose clients go on with their sessions.
    convenience init(
        server configuration: TLSServerConfiguration, tickets: TicketKeys = TicketKeys()
    ) throws(RPCError) {
        try self.init(
            tickets: tickets, sessions: nil, versions: (configuration.leastVersion, .tls13),
            certificate: (configuration.certificateFile, configuration.keyFile),
            caFile: configuration.clientCAFile)
        var identity = Self.nobody
        if let caFile = configuration.clientCAFile {
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, TLSSession.verification)
            let authorities = try CertificateFile(caFile)
            authorityExpiry = authorities.expiry
            identity = authorities.digest
        }
        issueTickets(boundTo: identity)
    }

    package convenience init(client configuration: TLSClientConfiguration) throws(RPCError) {
        var certificate: (String, String)?
        switch (configuration.certificateFile, configuration.keyFile) {
        case (let file?, let key?): certificate = (file, key)
        case (nil, nil): break
        default:
            throw RPCError(.tlsFailed, "a client certificate and its private key go together: give both or neither")
        }
        try self.init(
            tickets: nil, sessions: ResumableSessions(),
            versions: (configuration.leastVersion, configuration.greatestVersion), certificate: certificate,
            caFile: configuration.caFile)
        if configuration.caFile == nil && SSL_CTX_set_default_verify_paths(pointer) != 1 {
            throw RPCError(.tlsFailed, "the CAs that the system trusts cannot be read: \(takeOpenSSLError())")
        }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, TLSSession.verification)
        maser_ssl_ctx_offer_sessions(pointer)
        SSL_CTX_sess_set_new_cb(pointer, TLSSession.newSession)
    }

    /// Without OpenSSL's own cleanup when the process exits: connections' threads may still be at work then, and crash over it.
    private static let isStarted = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    private init(
        tickets: TicketKeys?, sessions: ResumableSessions?, versions: (least: TLSVersion, greatest: TLSVersion),
        certificate: (file: String, key: String)?, caFile: String?
    ) throws(RPCError) {
        let isServer = tickets != nil
        guard Self.isStarted, let pointer = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw RPCError(.tlsFailed, "OpenSSL cannot be started: \(takeOpenSSLError())")
        }
        self.pointer = pointer
        self.isServer = isServer
        self.tickets = tickets
        self.sessions = sessions
        hasCertificate = certificate != nil
        leastVersion = versions.least
        guard maser_ssl_ctx_set_min_proto_version(pointer, versions.least.number) == 1,
            maser_ssl_ctx_set_max_proto_version(pointer, versions.greatest.number) == 1,
            SSL_CTX_set_ciphersuites(pointer, Self.suites) == 1, SSL_CTX_set_cipher_list(pointer, Self.suites12) == 1,
            maser_ssl_ctx_set_groups(pointer, Self.groups) == 1
        else { throw RPCError(.tlsFailed, "OpenSSL lacks what TLS needs: \(takeOpenSSLError())") }
        SSL_CTX_set_options(pointer, maser_ssl_options())
        maser_ssl_ctx_disable_session_cache(pointer)
        // An idle connection keeps no buffers; a busy one reads many records from one read of the socket.
        maser_ssl_ctx_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        maser_ssl_ctx_set_read_ahead(pointer, 1)
        if let certificate { try use(certificate: certificate.file, key: certificate.key) }
        if let caFile { try trust(caFile) }
    }

    /// The cheapest first; the server's order counts.
    private static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    /// Of 1.2 only what has forward secrecy and authenticates what it encrypts.
    private static let suites12 = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"]
        .flatMap { ["ECDHE-ECDSA-\($0)", "ECDHE-RSA-\($0)"] }.joined(separator: ":")
    private static let groups = "X25519:P-256:P-384"
    /// What sessions without client certificates are bound to.
    private static let nobody = [UInt8]("maser".utf8)

    deinit {
        SSL_CTX_free(pointer)
    }

    /// Whom this side's own certificate names, as its peer would have it.
    var ownCallerName: String? { SSL_CTX_get0_certificate(pointer).flatMap(CallerName.of) }

    private func use(certificate: String, key: String) throws(RPCError) {
        try requireReadable(certificate, "certificate")
        try requireReadable(key, "private key")
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
            throw RPCError(.tlsFailed, "\(certificate) holds no certificate in PEM: \(takeOpenSSLError())")
        }
        if let own = SSL_CTX_get0_certificate(pointer) {
            guard !hasExpired(own) else {
                throw RPCError(
                    .tlsFailed, "the certificate \(certificate) expired on \(describe(time: X509_get0_notAfter(own)))")
            }
            certificateExpiry = X509_get0_notAfter(own)?.secondsSince1970
        }
        // It also refuses a key that does not belong to the certificate.
        guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(pointer) == 1
        else {
            throw RPCError(.tlsFailed, "\(key) is not the private key of \(certificate): \(takeOpenSSLError())")
        }
    }

    private func trust(_ caFile: String) throws(RPCError) {
        try requireReadable(caFile, "CA certificate")
        ERR_clear_error()
        guard SSL_CTX_load_verify_locations(pointer, caFile, nil) == 1 else {
            throw RPCError(.tlsFailed, "\(caFile) holds no CA certificate in PEM: \(takeOpenSSLError())")
        }
        if isServer, let names = SSL_load_client_CA_file(caFile) { SSL_CTX_set_client_CA_list(pointer, names) }
    }

    private func requireReadable(_ file: String, _ what: String) throws(RPCError) {
        guard access(file, R_OK) == 0 else {
            throw RPCError(.tlsFailed, "cannot read the \(what) \(file): \(String(cString: strerror(errno)))")
        }
    }
}

extension TLSVersion {
    fileprivate var number: Int32 {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }
}
