import RPC
import Synchronization
import Testing

@testable import MaserClient

extension ClientTests {
    @Test("an append whose answer is lost, or leaves open what came of it, is sent again and lands once")
    func cutAppend() async throws {
        try await served { server, client in
            server.state.withLock { $0.cuts = 3 }
            try await client.category("flights").append(Record(value: "x"))
            #expect(server.count(.append) == 4)
            server.state.withLock { $0.failures = 2 }
            try await client.category("flights").append(Record(value: "y"))
            #expect(server.count(.append) == 7)
            #expect(server.state.withLock { $0.log } == [[UInt8]("x".utf8), [UInt8]("y".utf8)])
            // Both come from the one producer that the client is.
            #expect(server.state.withLock { Set($0.landed.map(\.id)).count } == 1)
            #expect(server.state.withLock { $0.landed.map(\.sequence).sorted() } == [1, 2])
        }
    }

    @Test("an append that gets no answer in its time has an unknown outcome")
    func unanswered() async throws {
        try await served { server, client in
            server.state.withLock { $0.failures = .max }
            let error = await #expect(throws: ClientError.self) {
                try await client.category("flights").append(Record(value: "x"), timeout: .milliseconds(100))
            }
            #expect(error?.code == .unknownOutcome)
            #expect(error?.isRetriable == false)
            server.state.withLock { $0.failures = 0 }
            try await client.category("flights").append(Record(value: "y"))
            #expect(server.state.withLock { $0.log.count } == 2)
        }
    }

    @Test("whoever opens a named producer fences the one before")
    func fence() async throws {
        try await served { _, client in
            let first = try await client.category("flights", producer: "importer")
            try await first.append(Record(value: "a"))
            let second = try await client.category("flights", producer: "importer")
            try await second.append(Record(value: "b"))
            let error = await #expect(throws: ClientError.self) { try await first.append(Record(value: "c")) }
            #expect(error?.code == .fenced)
            #expect(error?.isRetriable == false)
        }
    }
}
