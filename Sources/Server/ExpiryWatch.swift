internal import RPC
internal import Records
internal import Synchronization

/// Says once a day that a certificate is about to end.
final class ExpiryWatch: Sendable {
    static let warningSeconds: Int64 = 14 * 86_400
    private static let repeatSeconds: Int64 = 86_400

    private let lastWarning = Mutex<[String: Int64]>([:])

    /// Lines for a person; `now` is in seconds since 1970.
    func warnings(of figures: RPCListener.TLSFigures, now: Int64) -> [String] {
        [
            ("the server's certificate", figures.certificateExpiry), ("the clients' CA", figures.authorityExpiry),
        ].compactMap { what, expiry in
            guard let expiry, expiry - now < Self.warningSeconds else {
                lastWarning.withLock { $0[what] = nil }
                return nil
            }
            let isDue = lastWarning.withLock { last in
                if let former = last[what], now - former < Self.repeatSeconds { return false }
                last[what] = now
                return true
            }
            guard isDue else { return nil }
            let time = Records.Timestamp.format(expiry * 1_000_000)
            let verb = expiry <= now ? "ended" : "ends"
            return "\(what) \(verb) on \(time); a newer file in its place is taken over without a restart"
        }
    }
}
