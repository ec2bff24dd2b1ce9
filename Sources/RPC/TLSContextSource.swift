internal import Synchronization

/// The context that new connections get, and how a newer one takes its place. Connections that are there keep theirs.
final class TLSContextSource: Sendable {
    private struct State {
        var context: TLSContext
        /// What the files looked like before they were read: what changes while they are read is seen the next time.
        var stamps: [FileStamp]
    }

    private let files: [String]
    private let make: @Sendable () throws(RPCError) -> TLSContext
    private let state: Mutex<State>

    init(server configuration: TLSServerConfiguration) throws(RPCError) {
        // Sessions outlive a new certificate of the server; a context of other CAs takes none of them.
        let tickets = TicketKeys()
        files = configuration.files
        make = { () throws(RPCError) in try TLSContext(server: configuration, tickets: tickets) }
        let stamps = files.map(FileStamp.init)
        state = Mutex(State(context: try make(), stamps: stamps))
    }

    init(client configuration: TLSClientConfiguration) throws(RPCError) {
        files = configuration.files
        make = { () throws(RPCError) in try TLSContext(client: configuration) }
        let stamps = files.map(FileStamp.init)
        state = Mutex(State(context: try make(), stamps: stamps))
    }

    var context: TLSContext { state.withLock { $0.context } }

    /// Reads the files again. When they cannot be used, what is in force stays.
    func reload() throws(RPCError) {
        let stamps = files.map(FileStamp.init)
        let context = try make()
        state.withLock { $0 = State(context: context, stamps: stamps) }
    }

    /// The context of the files as they are. Where they changed into what cannot be used, that of before; once a change is
    /// enough to try.
    var current: TLSContext {
        let stamps = files.map(FileStamp.init)
        let isChanged = state.withLock { state in
            defer { state.stamps = stamps }
            return state.stamps != stamps
        }
        if isChanged, let context = try? make() { state.withLock { $0.context = context } }
        return context
    }
}
