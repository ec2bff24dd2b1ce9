import Foundation
import Glibc
import MaserClient
import Testing

extension BadLuckTests {
    @Test func garbageClosesItsOwnConnectionAlone() async throws {
        let server = try Self.deployed()
        let pki = try Certificates(in: server.certificates)
        let client = try await Client.connect(server.configuration)
        defer { client.close() }
        let cities = try await client.table("cities")
        func expectOthersGoOn(_ after: String) async throws {
            #expect(try await cities.get("Paris")?["people", as: Int.self] == 2_100_000, "after \(after)")
            #expect(server.isRunning, "after \(after)")
        }

        var random = SystemRandomNumberGenerator()
        let garbage = Data((0..<10_000).map { _ in UInt8.random(in: 0...255, using: &random) })
        let tooLong = Data([0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0]) + Data(count: 100)
        for (name, bytes) in [
            ("garbage", garbage), ("an oversized frame", tooLong), ("HTTP", Data("GET / HTTP/1.1\r\n\r\n".utf8)),
        ] {
            #expect(try RawConnection(port: server.port).isClosed(after: bytes), "\(name) on TCP")
            try await expectOthersGoOn(name + " on TCP")
            _ = try pki.connect(to: server.port, sending: bytes)
            try await expectOthersGoOn(name + " in TLS")
        }

        // Lengths that a stranger may not send stay too great once it has said hello.
        let answer = try pki.connect(to: server.port, sending: Self.hello + tooLong)
        #expect(answer.output.contains("exceeds the limit"), "\(answer.output)")
        try await expectOthersGoOn("an oversized frame after hello")
        #expect(server.kill(SIGTERM) == 0)
    }

    /// The first frame of a client, as in Protocols/vectors/frames.json.
    private static let hello =
        Data([0x1f, 0, 0, 0, 1]) + Data(count: 15) + Data([0x08, 1, 0x1a, 0x0b]) + Data("maser-swift".utf8)
}

/// A TCP connection that speaks no protocol at all.
struct RawConnection: ~Copyable {
    struct NotConnected: Error {}

    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw NotConnected() }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// Whether the peer closes the connection, within 5 seconds, on getting these bytes.
    func isClosed(after bytes: Data) -> Bool {
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return true }
            if count < 0 { return false }
        }
    }
}
