internal import COpenSSL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Certificates, keys and settings that many connections share: OpenSSL's SSL_CTX, its only owner.
final class TLSContext: @unchecked Sendable {
    // OpenSSL locks an SSL_CTX itself; after init nothing here changes it.
    let pointer: OpaquePointer
    let isServer: Bool
    /// Whether the client has a certificate to show.
    let hasCertificate: Bool

    convenience init(server configuration: TLSServerConfiguration) throws(RPCError) {
        try self.init(
            isServer: true, certificate: (configuration.certificateFile, configuration.keyFile),
            caFile: configuration.clientCAFile)
        if configuration.clientCAFile != nil {
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, TLSSession.verification)
        }
    }

    convenience init(client configuration: TLSClientConfiguration) throws(RPCError) {
        var certificate: (String, String)?
        switch (configuration.certificateFile, configuration.keyFile) {
        case (let file?, let key?): certificate = (file, key)
        case (nil, nil): break
        default:
            throw RPCError(.tlsFailed, "a client certificate and its private key go together: give both or neither")
        }
        try self.init(isServer: false, certificate: certificate, caFile: configuration.caFile)
        if configuration.caFile == nil && SSL_CTX_set_default_verify_paths(pointer) != 1 {
            throw RPCError(.tlsFailed, "the CAs that the system trusts cannot be read: \(takeOpenSSLError())")
        }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, TLSSession.verification)
    }

    /// Without OpenSSL's own cleanup when the process exits: connections' threads may still be at work then, and crash over it.
    private static let isStarted = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    private init(isServer: Bool, certificate: (file: String, key: String)?, caFile: String?) throws(RPCError) {
        guard Self.isStarted, let pointer = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw RPCError(.tlsFailed, "OpenSSL cannot be started: \(takeOpenSSLError())")
        }
        self.pointer = pointer
        self.isServer = isServer
        hasCertificate = certificate != nil
        _ = maser_ssl_ctx_set_min_proto_version(pointer, TLS1_2_VERSION)
        SSL_CTX_set_options(pointer, maser_ssl_options())
        // Connections live long: nothing is gained by resuming them, and tickets would have to be guarded.
        SSL_CTX_set_num_tickets(pointer, 0)
        maser_ssl_ctx_disable_session_cache(pointer)
        // An idle connection keeps no buffers; a busy one reads many records from one read of the socket.
        maser_ssl_ctx_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        maser_ssl_ctx_set_read_ahead(pointer, 1)
        if let certificate { try use(certificate: certificate.file, key: certificate.key) }
        if let caFile { try trust(caFile) }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private func use(certificate: String, key: String) throws(RPCError) {
        try requireReadable(certificate, "certificate")
        try requireReadable(key, "private key")
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
            throw RPCError(.tlsFailed, "\(certificate) holds no certificate in PEM: \(takeOpenSSLError())")
        }
        if let own = SSL_CTX_get0_certificate(pointer), X509_cmp_current_time(X509_get0_notAfter(own)) < 0 {
            throw RPCError(
                .tlsFailed, "the certificate \(certificate) expired on \(describe(time: X509_get0_notAfter(own)))")
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
