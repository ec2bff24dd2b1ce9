import BulkLoad
import Catalog
import RPC
import Testing

@testable import Server

/// A load that is begun again after it was adopted is told so by a number of its own, whatever else would refuse it.
@Suite(.serialized) struct RepeatedLoadTests {
    @Test func whatWasAdoptedIsToldFromWhatIsRefused() async throws {
        let fixture = try await FedLoadTests.deployed([[FedLoadTests.sale(0)], []])
        let built = try fixture.build([FedLoadTests.sale(0)], for: "by_item", cut: .earliest)
        func code(again: Bool = false) -> ErrorCode? {
            do {
                _ = try fixture.begin(built, again: again)
                return nil
            } catch {
                return RPCError(error).code
            }
        }
        let answer = try fixture.load(built, force: true)
        #expect(answer.state == "building")
        // Also while it is being built.
        #expect(code() == .doneBefore)
        try await fixture.waitUntilServing(answer.version, of: "by_item")
        #expect(code() == .doneBefore)
        try fixture.stop("shop")
        #expect(code() == .doneBefore)
        #expect(code(again: true) == .refused)
    }
}
