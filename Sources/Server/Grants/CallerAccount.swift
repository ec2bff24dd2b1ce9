internal import Synchronization

/// What a caller has used of its quotas lately, over all its connections.
final class CallerAccount: Sendable {
    let requests = TokenBucket()
    let bytes = TokenBucket()
    /// Connections that charge it.
    fileprivate let holders = Atomic<Int>(0)

    /// Whether nothing would be forgotten with it.
    fileprivate func isAtRest(now: Int64) -> Bool {
        holders.load(ordering: .relaxed) == 0 && requests.isFull(now: now) && bytes.isFull(now: now)
    }
}

/// The accounts of those who have a limit. It is asked once for a connection, and again when the grants have changed.
final class CallerAccounts: Sendable {
    fileprivate struct State {
        var accounts: [Caller: CallerAccount] = [:]
        /// How many there may be before those at rest are looked for.
        var greatestCount = 64
    }

    private let state = Mutex(State())

    /// The caller's one account, to be given back by `close`. It outlives the caller's connections for as long as it has
    /// something against it: to connect anew changes nothing.
    func open(for caller: Caller, now: Int64) -> CallerAccount {
        state.withLock { state in
            let account = state.account(of: caller, now: now)
            account.holders.wrappingAdd(1, ordering: .relaxed)
            return account
        }
    }

    func close(_ account: CallerAccount) {
        // Behind the lock, so that nobody looks for accounts at rest between another's finding one and holding it.
        state.withLock { _ in _ = account.holders.wrappingSubtract(1, ordering: .relaxed) }
    }
}

extension CallerAccounts.State {
    fileprivate mutating func account(of caller: Caller, now: Int64) -> CallerAccount {
        if let account = accounts[caller] { return account }
        if accounts.count >= greatestCount {
            accounts = accounts.filter { !$0.value.isAtRest(now: now) }
            greatestCount = max(64, 2 * accounts.count)
        }
        let account = CallerAccount()
        accounts[caller] = account
        return account
    }
}
