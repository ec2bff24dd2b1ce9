internal import Bytes
internal import Catalog
internal import NIOCore
internal import RPC

/// What is known of one connection's caller: its rights, worked out once for each table and edition of the grants, and its
/// quotas. A lookup that is allowed costs a comparison.
///
/// Used on the connection's event loop.
final class CallerSession {
    private let accounts: CallerAccounts
    let access: Access
    private var edition: UInt64
    /// Those that concern the caller.
    private var grants: Grants
    private var limits: CallerLimits
    /// Where there is a limit.
    private var account: CallerAccount?
    /// Of the connection's answers.
    private var chargedBytes = 0
    private var readable: [UInt32: Rights] = [:]
    private var recent: (table: UInt32, rights: Rights)?

    /// The connection's own, made by its first burst.
    static func of(_ connection: ServerConnection, _ book: GrantBook, _ accounts: CallerAccounts) -> CallerSession {
        if let session = connection.attachment {
            // Nothing else is ever attached.
            return unsafeDowncast(session, to: CallerSession.self)
        }
        let session = CallerSession(Caller(name: connection.caller), book, accounts)
        connection.attachment = session
        return session
    }

    init(_ caller: Caller, _ book: GrantBook, _ accounts: CallerAccounts) {
        self.accounts = accounts
        access = Access(caller: caller, book: book)
        edition = 0
        grants = .open
        limits = CallerLimits()
        refresh()
    }

    deinit {
        if let account { accounts.close(account) }
    }

    /// Takes over grants that are in force since. To be called before the requests of each burst.
    func refresh() {
        let newest = access.book.currentEdition
        if newest == edition { return }
        edition = newest
        grants = access.book.current.concerning(access.caller)
        readable.removeAll()
        recent = nil
        limits = grants.limits
        let isLimited = limits != CallerLimits()
        if isLimited, account == nil {
            account = accounts.open(for: access.caller, now: Self.now)
        } else if !isLimited, let account {
            accounts.close(account)
            self.account = nil
        }
    }

    // MARK: Rights

    func check(_ right: Right, on table: TableReference) throws(RPCError) {
        if grants.isOpen { return }
        if let recent, recent.table == table.id, recent.rights.allows(right) { return }
        let rights = readable[table.id] ?? grants.rights(on: .table(table.entry.name))
        readable[table.id] = rights
        recent = (table.id, rights)
        guard rights.allows(right) else {
            throw RPCError.forbidden(access.caller, right, .table(table.entry.name))
        }
    }

    func check(_ right: Right, on category: CategoryEntry) throws(RPCError) {
        try check(right, onName: .category(category.name))
    }

    /// Of what may not be there: whoever has no right on it does not learn that.
    func check(_ right: Right, onName object: @autoclosure () -> GrantObject) throws(RPCError) {
        if grants.isOpen { return }
        let object = object()
        guard grants.rights(on: object).allows(right) else {
            throw RPCError.forbidden(access.caller, right, object)
        }
    }

    // MARK: Quotas

    /// Charges a request, and what was answered on the connection before it. Why it is not to be served, where a quota is used up.
    /// A ping is free: a client that asks for too much still learns that its connection lives.
    func refusal(of request: Request, in burst: RequestBurst) -> RPCError? {
        guard let account, request.operation != .ping else { return nil }
        let now = Int64(burst.now.uptimeNanoseconds)
        if let rate = limits.bytes {
            let answered = burst.connection.answeredBytes + burst.connection.outgoing.count
            account.bytes.charge(answered - chargedBytes, rate: rate, now: now)
            chargedBytes = max(chargedBytes, answered)
            guard account.bytes.hasRoom(now: now) else { return refusal("\(rate) bytes") }
            account.bytes.charge(FrameHeader.byteCount + request.message.count, rate: rate, now: now)
        }
        if let rate = limits.requests, account.requests.take(1, rate: rate, now: now) == 0 {
            return refusal("\(rate) requests")
        }
        return nil
    }

    private func refusal(_ quota: String) -> RPCError {
        RPCError(
            .overloaded,
            "\(access.caller.description) has used its quota of \(quota) a second; try again later, or ask for a higher limit in "
                + "the server's grants file")
    }

    private static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }
}
