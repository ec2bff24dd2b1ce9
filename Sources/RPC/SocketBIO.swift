internal import COpenSSL

/// An OpenSSL sink that hands each record to a `SocketOutput` from where OpenSSL made it.
enum SocketBIO {
    /// The BIO belongs to the SSL that gets it. `output` has to outlive it.
    static func make(_ output: SocketOutput) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(output).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    nonisolated(unsafe) private static let method: OpaquePointer? = {
        // Made once, before anybody sees it, and never changed after that.
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "maser socket") else { return nil }
        BIO_meth_set_write(method) { bio, bytes, count in
            guard let bytes, count > 0, let data = BIO_get_data(bio) else { return 0 }
            Unmanaged<SocketOutput>.fromOpaque(data).takeUnretainedValue().send(
                UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            return count
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            // There is nothing in it that could be flushed or pending.
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        return method
    }()
}
