/// What a server shows its clients, and whom it lets in. Paths of PEM files.
package struct TLSServerConfiguration: Sendable {
    /// The server's certificate, followed by those that lead to its CA, if any.
    package var certificateFile: String
    package var keyFile: String
    /// Mutual TLS: only clients with a certificate of this CA are let in; nil lets in everybody.
    package var clientCAFile: String?

    package init(certificateFile: String, keyFile: String, clientCAFile: String?) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
    }
}

/// Whom a client trusts, and what it shows. Paths of PEM files.
package struct TLSClientConfiguration: Sendable {
    /// nil: the CAs that the system trusts.
    package var caFile: String?
    /// For mutual TLS, together with `keyFile`.
    package var certificateFile: String?
    package var keyFile: String?

    package init(caFile: String?, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// Fired through the pipeline when the handshake is done.
package struct TLSEstablished: Sendable {
    /// The common name of the peer's certificate, where it showed one.
    package var peerName: String?
}
