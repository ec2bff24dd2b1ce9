internal import COpenSSL
package import NIOCore

/// One connection's TLS without a socket: ciphertext goes in and comes out through memory. The only owner of its SSL.
///
/// Used on one event loop, or by a tool that has a loop of its own.
package final class TLSSession {
    private let ssl: OpaquePointer
    let context: TLSContext
    /// The SSL owns both.
    private let input: OpaquePointer
    private let output: OpaquePointer
    /// Where ciphertext goes instead; then `output` is gone.
    private var socket: SocketOutput?
    private let serverName: String?
    private var rejection: CertificateRejection?

    /// `serverName` is what a client connects to: a name or an address that the server's certificate has to have.
    package init(context: TLSContext, serverName: String?) throws(RPCError) {
        guard let ssl = SSL_new(context.pointer) else {
            throw RPCError(.tlsFailed, "OpenSSL cannot make a connection: \(takeOpenSSLError())")
        }
        guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            throw RPCError(.tlsFailed, "OpenSSL has no memory for a connection")
        }
        SSL_set_bio(ssl, input, output)
        self.ssl = ssl
        self.context = context
        self.input = input
        self.output = output
        self.serverName = serverName
        // Unretained: the SSL goes together with this session.
        SSL_set_ex_data(ssl, Self.slot, Unmanaged.passUnretained(self).toOpaque())
        if context.isServer {
            SSL_set_accept_state(ssl)
        } else {
            SSL_set_connect_state(ssl)
            if let serverName { expect(serverName) }
            context.sessions?.resume(ssl)
        }
    }

    deinit {
        // A session whose connection was lost is good for the next one; OpenSSL takes back those of failed handshakes itself.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(ssl)
    }

    private func expect(_ serverName: String) {
        let parameters = SSL_get0_param(ssl)
        X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) != 1 {
            X509_VERIFY_PARAM_set1_host(parameters, serverName, 0)
            _ = maser_ssl_set_server_name(ssl, serverName)
        }
    }

    // MARK: Ciphertext

    package func receive(_ ciphertext: ByteBuffer) {
        _ = ciphertext.withUnsafeReadableBytes { BIO_write(input, $0.baseAddress, Int32($0.count)) }
    }

    var inputCount: Int { BIO_ctrl_pending(input) }
    package var outputCount: Int { socket == nil ? BIO_ctrl_pending(output) : 0 }

    /// From now on each record goes to the socket as it is made, without being gathered first.
    func send(to socket: SocketOutput) {
        guard let bio = SocketBIO.make(socket) else { return }
        self.socket = socket
        SSL_set0_wbio(ssl, bio)
    }

    /// Moves what is to be sent into `buffer`.
    package func takeOutput(into buffer: inout ByteBuffer) {
        let count = outputCount
        guard count > 0 else { return }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            max(0, Int(BIO_read(output, space.baseAddress, Int32(count))))
        }
    }

    // MARK: Handshake

    /// Whether it is done; false where the peer has to say more.
    package func handshake() throws(RPCError) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return true }
        let code = SSL_get_error(ssl, result)
        if code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE { return false }
        throw failure()
    }

    /// Of a resumed session too: it has the certificate that its first handshake showed.
    var peerName: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        return CallerName.of(certificate)
    }

    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    // MARK: Plaintext

    /// Encrypts all of `plaintext`, in records as large as TLS has them.
    package func write(_ plaintext: UnsafeRawBufferPointer) throws(RPCError) {
        guard plaintext.count > 0 else { return }
        ERR_clear_error()
        var written = 0
        guard SSL_write_ex(ssl, plaintext.baseAddress, plaintext.count, &written) == 1 else { throw failure() }
    }

    /// Decrypts everything that has arrived. false: the peer says that it sends no more.
    package func read(into plaintext: inout ByteBuffer) throws(RPCError) -> Bool {
        ERR_clear_error()
        while true {
            var read = 0
            var result: Int32 = 0
            plaintext.writeWithUnsafeMutableBytes(
                minimumWritableBytes: min(Self.recordBytes, max(512, BIO_ctrl_pending(input)))
            ) { space in
                result = SSL_read_ex(ssl, space.baseAddress, space.count, &read)
                return read
            }
            if result == 1 { continue }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return true
            case SSL_ERROR_ZERO_RETURN: return false
            default: throw failure()
            }
        }
    }

    /// Says that nothing more will be sent.
    func shutDown() {
        ERR_clear_error()
        SSL_shutdown(ssl)
    }

    private static let recordBytes = 16384

    private func failure() -> RPCError {
        let failure = TLSFailure(
            error: ERR_peek_error(), rejection: rejection, isServer: context.isServer,
            hasCertificate: context.hasCertificate, serverName: serverName, leastVersion: context.leastVersion)
        return RPCError(.tlsFailed, failure.line)
    }

    /// What OpenSSL calls for each certificate of the peer's chain. It changes no verdict, and keeps the reason of a bad one,
    /// which is gone when the handshake has failed.
    static let verification: @convention(c) (Int32, OpaquePointer?) -> Int32 = { verdict, store in
        guard verdict != 1, let store,
            let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let session = TLSSession.of(OpaquePointer(ssl))
        else { return verdict }
        session.rejection = CertificateRejection(store)
        return verdict
    }

    /// What OpenSSL calls for each ticket that a server sends. 1: the session is this side's now.
    static let newSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let ssl, let session, let sessions = TLSSession.of(ssl)?.context.sessions else { return 0 }
        sessions.keep(session)
        return 1
    }

    /// Whose it is, while it lives.
    static func of(_ ssl: OpaquePointer) -> TLSSession? {
        SSL_get_ex_data(ssl, slot).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Of an SSL's application data, the one that OpenSSL leaves to its user.
    private static let slot: Int32 = 0
}
