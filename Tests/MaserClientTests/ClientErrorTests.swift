import RPC
import Testing

@testable import MaserClient

@Suite("The client's errors")
struct ClientErrorTests {
    @Test("every code says what to do, each something else", arguments: ClientError.Code.allCases)
    func advice(code: ClientError.Code) {
        #expect(code.advice.count > 20)
        #expect(!code.advice.hasSuffix("."))
        #expect(ClientError.Code.allCases.count { $0.advice == code.advice } == 1)
        let error = ClientError(code, "it is so")
        #expect(String(reflecting: error) == "\(code.rawValue): it is so; \(code.advice)")
        #expect("\(error)" == "it is so")
    }

    @Test(
        "every error of a server or a connection has a code, a message and says whether a retry helps",
        arguments: ErrorCode.allCases)
    func mapping(code: ErrorCode) {
        let error = ClientError(RPCError(code))
        #expect(error.message == code.message)
        #expect(!error.message.isEmpty)
        #expect(error.isRetriable == code.isRetriable)
        #expect((error.cause as? RPCError)?.code == code)
    }

    @Test("every code but those that the client makes itself stands for one of a server's or a connection's")
    func completeness() {
        let mapped = Set(ErrorCode.allCases.map { ClientError(RPCError($0)).code })
        #expect(Set(ClientError.Code.allCases).subtracting(mapped) == [.decoding])
    }

    @Test("a change whose outcome is open has a code of its own, and is not said to be retriable")
    func unknownOutcome() {
        let error = ClientError(RPCError(.connectionLost, mayHaveBeenDone: true), changesSomething: true)
        #expect(error.code == .unknownOutcome)
        #expect(!error.isRetriable)
        #expect(error.message == "the connection was lost; whether it was done is not known")
    }
}
