internal import COpenSSL
internal import NIOCore
internal import Synchronization

/// What session tickets are sealed with.
///
/// A ticket is the session itself, which the client keeps for the server: whoever has the key reads what was said. So a key
/// seals for one lifetime and opens for another one, and is then forgotten; it is nowhere but in memory.
final class TicketKeys: Sendable {
    /// In seconds, of a ticket and of a key's time as the newest.
    static let lifetime: Int64 = 3600

    struct Key: Sendable {
        /// Which ticket it seals is told by its name.
        let name: [UInt8]
        let cipher: [UInt8]
        let code: [UInt8]
        let madeAt: Int64
    }

    private let now: @Sendable () -> Int64
    /// The newest first; two at most.
    private let keys = Mutex<[Key]>([])

    /// - Parameter now: seconds of a clock that only goes forward.
    init(now: @escaping @Sendable () -> Int64 = { Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000_000) }) {
        self.now = now
    }

    /// What seals now; nil where there is no randomness to make one of.
    var newest: Key? {
        keys.withLock { keys in
            let now = now()
            if let key = keys.first, now - key.madeAt < Self.lifetime { return key }
            guard let key = Key(madeAt: now) else { return nil }
            keys = [key] + keys.prefix(1)
            return key
        }
    }

    /// What opens a ticket; nil where it is too old, or of another server.
    func key(named name: UnsafeRawBufferPointer) -> (key: Key, isNewest: Bool)? {
        keys.withLock { keys in
            let now = now()
            for (index, key) in keys.enumerated() where key.name.elementsEqual(name) {
                let age = now - key.madeAt
                return age < 2 * Self.lifetime ? (key, index == 0 && age < Self.lifetime) : nil
            }
            return nil
        }
    }
}

extension TicketKeys.Key {
    static let nameBytes = 16
    static let blockBytes = 16
    private static let keyBytes = 32

    fileprivate init?(madeAt: Int64) {
        func random(_ count: Int) -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: count)
            return RAND_priv_bytes(&bytes, Int32(count)) == 1 ? bytes : nil
        }
        guard let name = random(Self.nameBytes), let cipher = random(Self.keyBytes), let code = random(Self.keyBytes)
        else { return nil }
        self.init(name: name, cipher: cipher, code: code, madeAt: madeAt)
    }
}
