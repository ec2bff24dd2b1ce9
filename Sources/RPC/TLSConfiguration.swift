/// The versions of TLS that Maser speaks.
package enum TLSVersion: String, Hashable, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"
}

/// What a server shows its clients, and whom it lets in. Paths of PEM files.
package struct TLSServerConfiguration: Sendable {
    /// The server's certificate, followed by those that lead to its CA, if any.
    package var certificateFile: String
    package var keyFile: String
    /// Mutual TLS: only clients with a certificate of this CA are let in; nil lets in everybody.
    package var clientCAFile: String?
    package var leastVersion: TLSVersion

    package init(
        certificateFile: String, keyFile: String, clientCAFile: String?, leastVersion: TLSVersion = .tls13
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        self.leastVersion = leastVersion
    }

    /// Which are read again when they change.
    var files: [String] { [certificateFile, keyFile] + (clientCAFile.map { [$0] } ?? []) }
}

/// Whom a client trusts, and what it shows. Paths of PEM files.
package struct TLSClientConfiguration: Sendable {
    /// nil: the CAs that the system trusts.
    package var caFile: String?
    /// For mutual TLS, together with `keyFile`.
    package var certificateFile: String?
    package var keyFile: String?
    /// Every Maser server speaks 1.3: to ask for less would help only who stands in between.
    package var leastVersion = TLSVersion.tls13
    package var greatestVersion = TLSVersion.tls13

    package init(caFile: String?, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    var files: [String] { [caFile, certificateFile, keyFile].compactMap(\.self) }
}

/// Fired through the pipeline when the handshake is done.
package struct TLSEstablished: Sendable {
    /// Whom the peer's certificate names, where it showed one that names somebody.
    package var peerName: String?
    /// The handshake went on from an earlier one.
    package var isResumed: Bool
}
