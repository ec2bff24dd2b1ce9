internal import COpenSSL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The first of the errors that OpenSSL keeps for this thread, in its words; forgets them all.
func takeOpenSSLError() -> String {
    let error = ERR_peek_error()
    defer { ERR_clear_error() }
    guard let reason = ERR_reason_error_string(error) else { return "unknown error" }
    return String(cString: reason)
}

/// A certificate's time, such as `Nov 21 14:07:00 2025 GMT`.
func describe(time: UnsafePointer<ASN1_TIME>?) -> String {
    guard let time, let bio = BIO_new(BIO_s_mem()) else { return "an unknown day" }
    defer { BIO_free(bio) }
    guard ASN1_TIME_print(bio, time) == 1 else { return "an unknown day" }
    return text(in: bio)
}

/// Everything that was written to a memory BIO.
func text(in bio: OpaquePointer) -> String {
    var data: UnsafeMutablePointer<CChar>?
    let count = maser_bio_memory(bio, &data)
    guard let data, count > 0 else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
}

/// The names and addresses that a certificate is for.
func names(of certificate: OpaquePointer) -> [String] {
    guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
    let names = OpaquePointer(found)
    defer { GENERAL_NAMES_free(names) }
    return (0..<maser_names_count(names)).compactMap { index in
        guard let name = maser_names_at(names, index), let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        // OpenSSL prints `DNS:localhost` and `IP Address:127.0.0.1`.
        GENERAL_NAME_print(bio, UnsafeMutablePointer(mutating: name))
        let text = text(in: bio)
        return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
    }
}

extension UnsafePointer<ASN1_TIME> {
    /// Seconds since 1970; nil for one that cannot be read.
    var secondsSince1970: Int64? {
        var fields = tm()
        guard ASN1_TIME_to_tm(self, &fields) == 1 else { return nil }
        return Int64(timegm(&fields))
    }
}

/// Whether the certificate's time has ended.
func hasExpired(_ certificate: OpaquePointer) -> Bool {
    X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0
}
