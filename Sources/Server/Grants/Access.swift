internal import RPC

/// What one caller may do, by the grants as they are when it is asked. For requests that are rare, and for those that wait.
struct Access: Sendable {
    let caller: Caller
    let book: GrantBook

    /// Of the server itself, and of tests.
    static let unlimited = Access(caller: Caller(name: nil), book: GrantBook(.open))

    /// All rights that the caller has on it.
    func rights(on object: GrantObject) -> Rights {
        let grants = book.current
        return grants.isOpen ? .all : grants.concerning(caller).rights(on: object)
    }

    func allows(_ right: Right, on object: GrantObject) -> Bool { rights(on: object).allows(right) }

    /// Whether the caller may know of it.
    func sees(_ object: GrantObject) -> Bool { rights(on: object) != .none }

    func check(_ right: Right, on object: GrantObject) throws(RPCError) {
        guard allows(right, on: object) else { throw RPCError.forbidden(caller, right, object) }
    }

    func check(_ demand: Demand, on objects: [GrantObject]) throws(RPCError) {
        if book.current.isOpen { return }
        for object in objects {
            switch demand {
            case .nothing, .visibleOnly: break
            case .anyRight:
                guard sees(object) else { throw RPCError.forbidden(caller, .read, object) }
            case .right(let right): try check(right, on: object)
            }
        }
    }

    /// May see and do everything, whatever there is.
    var isAdministrator: Bool { allows(.admin, on: .server) }
}

extension RPCError {
    static func forbidden(_ caller: Caller, _ right: Right, _ object: GrantObject) -> RPCError {
        let verb =
            switch right {
            case .read: "read"
            case .append: "append to"
            case .load: "load"
            case .admin: "administer"
            }
        let what = object == .server ? "the server" : "\(object)"
        return RPCError(
            .forbidden,
            "\(caller.description) may not \(verb) \(what); a line `\(caller.inGrants) \(right.rawValue) \(object)` in the "
                + "server's grants file would allow it")
    }
}
