import Foundation
import Logging
import Operations
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("The operations port")
struct OperationsServerTests {
    @Test("health is there at once, readiness when nothing is waited for, figures as they are then")
    func answersOverHTTP() async throws {
        let obstacles = Shared(["the log is being recovered"])
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let server = OperationsServer(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test"), obstacles: { await obstacles.value },
            figures: {
                var snapshot = FiguresSnapshot()
                snapshot.gauge("obstacles", Double(await obstacles.value.count), help: "What it waits for.")
                return snapshot
            },
            onListening: { listening.yield($0) })
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            let port = try #require(await ports.first { _ in true })

            #expect(try await get(port, "healthz") == Answer(status: 200, text: "ok\n"))
            #expect(try await get(port, "readyz") == Answer(status: 503, text: "the log is being recovered\n"))
            #expect(try await get(port, "metrics").text.hasSuffix("\nobstacles 1\n"))
            await obstacles.set([])
            #expect(try await get(port, "readyz") == Answer(status: 200, text: "ready\n"))
            #expect(try await get(port, "metrics").text.hasSuffix("\nobstacles 0\n"))
            #expect(try await get(port, "elsewhere").status == 404)
            group.cancelAll()
        }
    }

    @Test("a port that is taken is an error, not a server that serves nothing")
    func takenPortIsAnError() async throws {
        let (ports, listening) = AsyncStream<Int>.makeStream()
        func server(port: Int) -> OperationsServer {
            OperationsServer(
                host: "127.0.0.1", port: port, logger: Logger(label: "test"), obstacles: { [] },
                figures: { FiguresSnapshot() }, onListening: { listening.yield($0) })
        }
        try await withThrowingTaskGroup { group in
            group.addTask { [first = server(port: 0)] in try await first.run() }
            let port = try #require(await ports.first { _ in true })
            await #expect(throws: (any Error).self) { try await server(port: port).run() }
            group.cancelAll()
        }
    }

    private struct Answer: Equatable {
        var status: Int
        var text: String
    }

    private func get(_ port: Int, _ path: String) async throws -> Answer {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        let status = try #require(response as? HTTPURLResponse).statusCode
        return Answer(status: status, text: String(decoding: data, as: UTF8.self))
    }
}

private actor Shared {
    private(set) var value: [String]

    init(_ value: [String]) { self.value = value }

    func set(_ value: [String]) { self.value = value }
}
