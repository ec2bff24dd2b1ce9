internal import COpenSSL

/// A certificate of the peer that OpenSSL did not accept.
struct CertificateRejection {
    /// X509_V_ERR_...
    var code: Int32
    var subject: String
    /// The names and addresses that it is for.
    var names: [String]
    var notBefore: String
    var notAfter: String

    /// The certificate that the verification in progress stumbled over.
    init(_ store: OpaquePointer) {
        code = X509_STORE_CTX_get_error(store)
        guard let certificate = X509_STORE_CTX_get_current_cert(store) else {
            (subject, names, notBefore, notAfter) = ("", [], "", "")
            return
        }
        subject = commonName(of: certificate) ?? ""
        names = RPC.names(of: certificate)
        notBefore = describe(time: X509_get0_notBefore(certificate))
        notAfter = describe(time: X509_get0_notAfter(certificate))
    }
}

/// Turns what OpenSSL knows of a failed handshake into one line that says what to do.
struct TLSFailure {
    var error: UInt
    var rejection: CertificateRejection?
    var isServer: Bool
    /// Whether this side showed a certificate.
    var hasCertificate: Bool
    var serverName: String?
    /// What this side asks for.
    var leastVersion: TLSVersion

    var line: String {
        if let rejection { return line(for: rejection) }
        guard maser_err_is_ssl(error) != 0 else { return "TLS failed: \(words)" }
        let reason = maser_err_reason(error)
        switch reason {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG:
            return "the \(peer) does not speak TLS"
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW:
            return "the \(peer) speaks no TLS of version \(leastVersion.rawValue), the least that this \(own) takes"
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "the client shows no certificate, and mutual TLS needs one"
        default: break
        }
        // A reason above 1000 is the alert by which the peer ended the handshake.
        switch reason - Int32(SSL_AD_REASON_OFFSET) {
        case SSL_AD_CERTIFICATE_REQUIRED: return Self.needsCertificate
        case SSL_AD_HANDSHAKE_FAILURE where !isServer && !hasCertificate: return Self.needsCertificate
        case SSL_AD_PROTOCOL_VERSION: return "the \(peer) wants another version of TLS than this \(own) offers"
        case SSL_AD_UNKNOWN_CA: return "the \(peer) does not trust the CA of this \(own)'s certificate"
        case SSL_AD_CERTIFICATE_EXPIRED: return "this \(own)'s certificate has expired, says the \(peer)"
        case SSL_AD_BAD_CERTIFICATE where isServer: return "the client rejects the server's certificate"
        case SSL_AD_BAD_CERTIFICATE: return "the server rejects the client's certificate"
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
            return "this \(own)'s certificate is not made for a \(own), says the \(peer)"
        default: return "TLS failed: \(words)"
        }
    }

    private var peer: String { isServer ? "client" : "server" }
    private var own: String { isServer ? "server" : "client" }
    private var words: String { ERR_reason_error_string(error).map { String(cString: $0) } ?? "unknown error" }

    private static let needsCertificate = "the server wants a client certificate: give one with its private key"

    private func line(for rejection: CertificateRejection) -> String {
        let certificate = "the \(peer)'s certificate"
        switch rejection.code {
        case X509_V_ERR_CERT_HAS_EXPIRED: return "\(certificate) expired on \(rejection.notAfter)"
        case X509_V_ERR_CERT_NOT_YET_VALID: return "\(certificate) is valid only from \(rejection.notBefore)"
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "\(certificate) is for \(rejection.names.joined(separator: ", ")), not for \(serverName ?? "it")"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "\(certificate) is not signed by a CA that this \(own) trusts"
                + (isServer ? "" : ": give the CA that signed it")
        case X509_V_ERR_INVALID_PURPOSE: return "\(certificate) is not made for a \(peer)"
        default:
            return
                "\(certificate) is not accepted: \(String(cString: X509_verify_cert_error_string(Int(rejection.code))))"
        }
    }
}
