import Bytes
import Foundation
import NIOCore
import SwiftProtobuf
import Synchronization

@testable import RPC

/// Answers a request with its own message, in the way that its operation asks for.
final class EchoHandler: RequestHandler {
    private let held = Mutex<[(Responder, [UInt8])]>([])
    let bursts = Mutex<[Int]>([])
    let deadlines = Mutex<[Int64]>([])

    func handle(_ burst: RequestBurst) {
        bursts.withLock { $0.append(burst.requests.count) }
        for request in burst.requests {
            let message = [UInt8](request.message)
            switch request.operation {
            case .get:
                deadlines.withLock { $0.append((request.deadline - burst.arrival).nanoseconds / 1_000_000) }
                burst.answer(request) { $0.append(contentsOf: message) }
            case .fold:
                let responder = burst.deferred(request)
                DispatchQueue.global().async { responder.answer { $0.append(contentsOf: message) } }
            // Held until a seek.
            case .scan:
                let responder = burst.deferred(request)
                held.withLock { $0.append((responder, message)) }
            case .seek:
                burst.answer(request) { _ in }
                release()
            case .status: burst.fail(request, RPCError(.notFound, "there is no table \"x\""))
            case .deploy:
                burst.answer(request) { writer throws(RPCError) in
                    writer.append(contentsOf: message)
                    throw RPCError(.refused, "half an answer is none")
                }
            case .listTables: burst.answer(request) { $0.append(contentsOf: [UInt8](repeating: 1, count: 17 << 20)) }
            // As if it had cost much.
            case .stopApp:
                burst.charge(1000)
                burst.answer(request) { _ in }
            // Dropped without an answer.
            case .describeTable: _ = burst.deferred(request)
            default: burst.answer(request, WireHello.with { $0.software = burst.connection.caller ?? "nobody" })
            }
        }
    }

    /// Answers what is held, the last first.
    func release() {
        let all = held.withLock { held in
            defer { held = [] }
            return held
        }
        for (responder, message) in all.reversed() { responder.answer { $0.append(contentsOf: message) } }
    }

    var heldCount: Int { held.withLock { $0.count } }
}
