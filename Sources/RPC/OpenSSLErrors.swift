internal import COpenSSL

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

func commonName(of certificate: OpaquePointer) -> String? {
    guard let subject = X509_get_subject_name(certificate) else { return nil }
    var buffer = [CChar](repeating: 0, count: 256)
    let length = X509_NAME_get_text_by_NID(subject, NID_commonName, &buffer, Int32(buffer.count))
    guard length > 0 else { return nil }
    return String(decoding: buffer[..<Int(length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
