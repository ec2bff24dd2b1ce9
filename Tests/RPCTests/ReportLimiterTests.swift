import NIOCore
import Synchronization
import Testing

@testable import RPC

@Suite("Lines about connections")
struct ReportLimiterTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
        var count: Int { all.withLock { $0.count } }
    }

    @Test("a flood becomes a few, and what was left out is counted")
    func flood() {
        let lines = Lines()
        let limiter = ReportLimiter { line in lines.all.withLock { $0.append(line) } }
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for number in 0..<1000 { limiter("line \(number)", now: start) }
        #expect(lines.count == 32)
        #expect(lines.all.withLock { $0.first } == "line 0")
        limiter("later", now: start + .seconds(1))
        #expect(lines.all.withLock { $0.suffix(2) } == ["968 more lines about connections were left out", "later"])
        limiter("and then", now: start + .seconds(1))
        #expect(lines.all.withLock { $0.last } == "and then")
        limiter("one too many", now: start + .seconds(1))
        #expect(lines.all.withLock { $0.last } == "and then")
    }

    @Test("those that come now and then all come through")
    func trickle() {
        let lines = Lines()
        let limiter = ReportLimiter { line in lines.all.withLock { $0.append(line) } }
        for number in 0..<200 { limiter("line", now: .uptimeNanoseconds(UInt64(number) * 500_000_000)) }
        #expect(lines.count == 200)
    }
}
