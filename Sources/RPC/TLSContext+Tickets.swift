internal import COpenSSL

// Resumption, the server's side. A ticket carries its session with the client's certificate, so that a caller keeps its name. The
// session is bound to the CA's certificates by its context: it goes no further than they do. That the client's own certificate has
// expired since is looked at here, for a resumed handshake shows none; such a client gets a whole handshake, and its answer there.

extension TLSContext {
    /// The session's lifetime, and who seals and looks at tickets.
    func issueTickets(boundTo identity: [UInt8]) {
        SSL_CTX_set_session_id_context(pointer, identity, UInt32(identity.count))
        SSL_CTX_set_timeout(pointer, Int(TicketKeys.lifetime))
        // One for each connection: a client that connects again has got another one by then.
        SSL_CTX_set_num_tickets(pointer, 1)
        SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer, Self.sealing)
        SSL_CTX_set_session_ticket_cb(pointer, nil, Self.opened, nil)
    }

    /// Prepares the ciphers to seal a ticket or to open one. 1: done; 2: done, and the ticket is to be replaced; 0: no such key;
    /// -1: failed.
    private static let sealing:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?,
            Int32
        ) -> Int32 = { ssl, name, vector, cipher, code, isSealing in
            guard let ssl, let name, let vector, let cipher, let code, let keys = TLSSession.of(ssl)?.context.tickets
            else { return -1 }
            if isSealing == 1 {
                guard let key = keys.newest, RAND_bytes(vector, Int32(TicketKeys.Key.blockBytes)) == 1 else {
                    return -1
                }
                name.update(from: key.name, count: TicketKeys.Key.nameBytes)
                let isReady =
                    EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1
                    && use(key.code, in: code)
                return isReady ? 1 : -1
            }
            let wanted = UnsafeRawBufferPointer(start: name, count: TicketKeys.Key.nameBytes)
            guard let (key, isNewest) = keys.key(named: wanted) else { return 0 }
            let isReady =
                EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1 && use(key.code, in: code)
            // A ticket of 1.3 is used once, so that there has to be another one.
            let isToBeReplaced = !isNewest || SSL_version(ssl) >= TLS1_3_VERSION
            return isReady ? (isToBeReplaced ? 2 : 1) : -1
        }

    private static func use(_ key: [UInt8], in code: OpaquePointer) -> Bool {
        maser_mac_use_sha256(code, key, key.count) == 1
    }

    /// What to do with a ticket that was opened, or could not be.
    private static let opened:
        @convention(c) (
            OpaquePointer?, OpaquePointer?, UnsafePointer<UInt8>?, Int, SSL_TICKET_STATUS, UnsafeMutableRawPointer?
        ) -> SSL_TICKET_RETURN = { _, session, _, _, status, _ in
            guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
                return SSL_TICKET_RETURN_IGNORE_RENEW
            }
            if let session, let certificate = SSL_SESSION_get0_peer(session), hasExpired(certificate) {
                return SSL_TICKET_RETURN_IGNORE_RENEW
            }
            return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
        }
}
