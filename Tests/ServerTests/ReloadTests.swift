import Foundation
import Synchronization
import Testing

@testable import RPC
@testable import Server

/// When files are read again, and what is said of certificates that end.
@Suite struct ReloadTests {
    private struct Bad: Error, CustomStringConvertible {
        let description = "it is bad"
    }

    @Test func aChangeIsTakenOverWhenTheFilesHaveComeToRest() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/maser-reload-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        try write("a", "one")
        try write("b", "one")
        let isBad = Mutex(false)
        let files = ReloadableFiles("the things", ["\(folder)/a", "\(folder)/b"]) {
            if isBad.withLock({ $0 }) { throw Bad() }
            return "two of them"
        }
        #expect(files.look() == .unchanged)
        try write("a", "two")
        #expect(files.look() == .unchanged)
        // The other half comes only now.
        try write("b", "two")
        #expect(files.look() == .unchanged)
        #expect(files.look() == .read("the things were read again: two of them"))
        #expect(files.look() == .unchanged)
        // What cannot be used is said once.
        isBad.withLock { $0 = true }
        try FileManager.default.removeItem(atPath: "\(folder)/a")
        #expect(files.look() == .unchanged)
        let line = "the things stay as they were, for those that are there now cannot be used: it is bad"
        #expect(files.look() == .failed(line))
        #expect(files.look() == .unchanged)
        #expect(files.readAgain() == .failed(line))
        isBad.withLock { $0 = false }
        #expect(files.readAgain() == .read("the things were read again: two of them"))
    }

    @Test func aCertificateThatEndsSoonIsSaidOnceADay() {
        let watch = ExpiryWatch()
        let day: Int64 = 86_400
        func lines(_ expiry: Int64, ca: Int64? = nil, now: Int64) -> [String] {
            watch.warnings(
                of: RPCListener.TLSFigures(
                    certificateExpiry: expiry, authorityExpiry: ca, handshakes: 0, resumptions: 0, refusals: 0,
                    underWay: 0), now: now)
        }
        #expect(lines(100 * day, now: 80 * day).isEmpty)
        #expect(
            lines(100 * day, now: 87 * day) == [
                "the server's certificate ends on 1970-04-11T00:00:00Z; a newer file in its place is taken over without a "
                    + "restart"
            ])
        #expect(lines(100 * day, now: 87 * day + 60).isEmpty)
        #expect(lines(100 * day, now: 88 * day).count == 1)
        #expect(
            lines(100 * day, ca: 89 * day, now: 89 * day).map { $0.prefix(20) } == [
                "the server's certifi", "the clients' CA ende",
            ])
        #expect(lines(400 * day, now: 90 * day).isEmpty)
    }

    @Test func aGrantsFileThatCannotBeReadIsNamed() {
        let error = #expect(throws: ServerError.self) { _ = try GrantBook(file: "/no/such/grants") }
        #expect(error?.message == "cannot read the grants /no/such/grants: No such file or directory")
    }
}
