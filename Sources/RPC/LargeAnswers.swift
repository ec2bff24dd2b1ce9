internal import NIOCore

/// A connection's requests whose answers may be large and are made elsewhere: one at a time, and none while others wait to be
/// read. So what a client that does not read costs stays small, however much it has asked for, and one connection takes
/// one thread from the others at most.
///
/// Used on the connection's event loop.
struct LargeAnswers {
    private struct Waiting {
        let responder: Responder
        let bytes: Int
        let begin: (Responder) -> Void
    }

    private var isBusy = false
    private var waiting: [Waiting] = []
    /// Those before it have begun.
    private var first = 0
    private var waitingBytes = 0
    private let greatestWaitingBytes: Int

    init(greatestWaitingBytes: Int) {
        self.greatestWaitingBytes = greatestWaitingBytes
    }

    /// What is to begin at once is returned; the rest waits, in its order. `bytes` is what it holds meanwhile.
    mutating func add(
        _ responder: Responder, bytes: Int, isCongested: Bool, _ begin: @escaping (Responder) -> Void
    ) -> (() -> Void)? {
        if !isBusy && !isCongested {
            isBusy = true
            responder.takeLargeTurn()
            return { begin(responder) }
        }
        guard waitingBytes + bytes <= greatestWaitingBytes else {
            return {
                responder.fail(
                    RPCError(
                        .overloaded, "too many scans and reads of the connection wait; wait for some to be answered"))
            }
        }
        waitingBytes += bytes
        waiting.append(Waiting(responder: responder, bytes: bytes, begin: begin))
        return nil
    }

    mutating func answered() {
        isBusy = false
    }

    /// What is to begin next.
    mutating func next(isCongested: Bool) -> (() -> Void)? {
        guard !isBusy, !isCongested, first < waiting.count else { return nil }
        let next = waiting[first]
        first += 1
        waitingBytes -= next.bytes
        if first == waiting.count || first >= 64 {
            waiting.removeFirst(first)
            first = 0
        }
        isBusy = true
        next.responder.takeLargeTurn()
        return { next.begin(next.responder) }
    }

    /// Nobody is there to be answered.
    mutating func removeAll() {
        waiting = []
        first = 0
        waitingBytes = 0
    }
}
