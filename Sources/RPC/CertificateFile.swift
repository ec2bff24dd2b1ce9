internal import COpenSSL

/// What is to be known of a PEM file of certificates besides that OpenSSL trusts them.
struct CertificateFile {
    /// SHA-256 of all of them: others have another one, whatever stands between them in the file.
    private(set) var digest: [UInt8]
    /// When the first of them expires, in seconds since 1970.
    private(set) var expiry: Int64?

    init(_ path: String) throws(RPCError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let bio = BIO_new_file(path, "r") else {
            throw RPCError(.tlsFailed, "cannot read \(path): \(takeOpenSSLError())")
        }
        defer { BIO_free(bio) }
        var prints: [UInt8] = []
        while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) {
            defer { X509_free(certificate) }
            prints += withDigest { X509_digest(certificate, EVP_sha256(), $0, $1) }
            if let time = X509_get0_notAfter(certificate)?.secondsSince1970 { expiry = min(expiry ?? time, time) }
        }
        digest = withDigest { EVP_Digest(prints, prints.count, $0, $1, EVP_sha256(), nil) }
    }
}

private func withDigest(_ body: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>?) -> Int32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    return body(&bytes, &count) == 1 ? [UInt8](bytes[..<Int(count)]) : []
}
