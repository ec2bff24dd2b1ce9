import Testing

@testable import MaserClient

@Suite("Endpoints")
struct EndpointTests {
    @Test("a host, a port or both")
    func forms() throws {
        #expect(try Endpoint("maser.internal:7000") == Endpoint(host: "maser.internal", port: 7000))
        #expect(try Endpoint("localhost") == Endpoint(host: "localhost", port: 7420))
        #expect(try Endpoint("[::1]:7000") == Endpoint(host: "::1", port: 7000))
        #expect(try Endpoint("[::1]") == Endpoint(host: "::1"))
        #expect(try Endpoint("::1") == Endpoint(host: "::1"))
        #expect(Endpoint(host: "::1").description == "[::1]:7420")
    }

    @Test("what is none is refused with an example")
    func refusals() {
        for text in ["", ":7420", "host:", "host:x", "host:0", "host:70000", "[::1", "[::1]x"] {
            let error = #expect(throws: ClientError.self, "\(text)") { try Endpoint(text) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
