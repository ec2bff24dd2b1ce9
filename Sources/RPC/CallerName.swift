internal import COpenSSL

// A caller's name decides what it may do, so that there must be no doubt about it: of the subject alternative names the first URI;
// where there is none, the first DNS name; then the first e-mail address; and only without any of these the first common name.
// The order within a kind is the certificate's. A name that is there and cannot be used (too long, or with characters that no
// line of text can show) leaves its caller without one: the next kind does not stand in for it.

enum CallerName {
    static let greatestBytes = 255

    /// nil: a caller without a name.
    static func of(_ certificate: OpaquePointer) -> String? {
        for kind in [GEN_URI, GEN_DNS, GEN_EMAIL] {
            if let name = alternativeName(of: certificate, kind: kind) {
                return usable(name)
            }
        }
        return commonName(of: certificate).flatMap { usable([UInt8]($0.utf8)) }
    }

    static func usable(_ bytes: [UInt8]) -> String? {
        guard (1...greatestBytes).contains(bytes.count), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The first of the kind.
    private static func alternativeName(of certificate: OpaquePointer, kind: Int32) -> [UInt8]? {
        guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return nil }
        let names = OpaquePointer(found)
        defer { GENERAL_NAMES_free(names) }
        for index in 0..<maser_names_count(names) {
            var type: Int32 = -1
            guard let value = GENERAL_NAME_get0_value(maser_names_at(names, index), &type), type == kind else {
                continue
            }
            return bytes(of: value.assumingMemoryBound(to: ASN1_STRING.self))
        }
        return nil
    }

    private static func bytes(of text: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        [UInt8](UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text))))
    }
}

/// The first one, in whichever of ASN.1's many encodings it is.
func commonName(of certificate: OpaquePointer) -> String? {
    guard let subject = X509_get_subject_name(certificate) else { return nil }
    let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
    guard index >= 0, let text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)) else { return nil }
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = ASN1_STRING_to_UTF8(&bytes, text)
    guard count >= 0, let bytes else { return nil }
    defer { maser_openssl_free(bytes) }
    return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
}
