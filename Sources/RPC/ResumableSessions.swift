internal import COpenSSL
internal import Synchronization

/// The sessions that a client can go on with, of one server. The only owner of what it holds.
final class ResumableSessions: Sendable {
    /// As many as a client is likely to have connections.
    private static let capacity = 16

    private struct Box: @unchecked Sendable {
        // A SSL_SESSION is not changed once its handshake is done, and counts its references itself.
        let session: OpaquePointer
    }

    private let sessions = Mutex<[Box]>([])

    deinit {
        for box in sessions.withLock({ $0 }) { SSL_SESSION_free(box.session) }
    }

    /// Takes over a reference.
    func keep(_ session: OpaquePointer) {
        let box = Box(session: session)
        let surplus = sessions.withLock { sessions in
            sessions.append(box)
            return sessions.count > Self.capacity ? sessions.removeFirst() : nil
        }
        if let surplus { SSL_SESSION_free(surplus.session) }
    }

    /// Goes on with the newest one, if any.
    ///
    /// One of TLS 1.3 is used once: whoever listens could else tell that two connections are of one client. One whose server's
    /// certificate has expired is not used, for a resumed handshake shows none.
    func resume(_ ssl: OpaquePointer) {
        while true {
            guard let box = sessions.withLock({ $0.popLast() }) else { return }
            let session = box.session
            if let certificate = SSL_SESSION_get0_peer(session), !hasExpired(certificate),
                SSL_SESSION_is_resumable(session) == 1, SSL_set_session(ssl, session) == 1
            {
                if SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION {
                    SSL_SESSION_free(session)
                } else {
                    keep(session)
                }
                return
            }
            SSL_SESSION_free(session)
        }
    }
}
