internal import Synchronization

/// Names a listener, to remove it.
package struct ListenerToken: Hashable, Sendable {
    fileprivate let number: UInt64
}

/// Those who want to know that ends have risen.
final class Listeners: Sendable {
    private let registered = Mutex(Registered())

    private struct Registered {
        var bodies: [UInt64: @Sendable () -> Void] = [:]
        var next: UInt64 = 0
    }

    func add(_ body: @escaping @Sendable () -> Void) -> ListenerToken {
        registered.withLock { registered in
            registered.next += 1
            registered.bodies[registered.next] = body
            return ListenerToken(number: registered.next)
        }
    }

    func remove(_ token: ListenerToken) {
        registered.withLock { $0.bodies[token.number] = nil }
    }

    func call() {
        for body in registered.withLock({ Array($0.bodies.values) }) { body() }
    }
}
