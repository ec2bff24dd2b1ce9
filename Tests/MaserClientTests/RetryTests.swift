import NIOCore
import RPC
import Testing

@testable import MaserClient

@Suite("Retries")
struct RetryTests {
    private let policy = RetryPolicy()

    private func decide(
        _ error: RPCError, _ kind: RequestKind = .read, attempt: Int = 1, left: TimeAmount = .seconds(5)
    ) -> RetryPolicy.Decision {
        policy.decide(error, kind, attempt: attempt, timeLeft: left, jitter: 0.5)
    }

    private func retries(_ error: RPCError, _ kind: RequestKind = .read) -> Bool { decide(error, kind) != .fail }

    @Test("what can pass is tried again, what cannot is not")
    func kinds() {
        for code in [ErrorCode.overloaded, .unavailable, .connectionFailed, .connectionLost] {
            #expect(retries(RPCError(code)), "\(code)")
        }
        for code in [
            ErrorCode.notFound, .tlsFailed, .deadlineExceeded, .cancelled, .versionGone, .forbidden, .internal,
        ] {
            #expect(!retries(RPCError(code)), "\(code)")
        }
    }

    @Test("what is stale is waited for only by who wants to")
    func stale() {
        #expect(!retries(RPCError(.stale)))
        #expect(retries(RPCError(.stale), RequestKind(repetition: .harmless, waitsUntilFresh: true)))
    }

    @Test("what may have been done is repeated only where that is the same as once")
    func outcomes() {
        let lost = RPCError(.connectionLost, mayHaveBeenDone: true)
        #expect(retries(lost))
        #expect(!retries(lost, .control(isIdempotent: false)))
        #expect(retries(RPCError(.overloaded), .control(isIdempotent: false)))
        #expect(retries(lost, .append))
        #expect(retries(RPCError(.storageFailure, mayHaveBeenDone: true), .append))
        #expect(!retries(RPCError(.cancelled, mayHaveBeenDone: true), .append))
    }

    @Test("there is an end to it: the call's time, and few attempts of what has minutes")
    func bounds() {
        #expect(decide(RPCError(.overloaded), .control(isIdempotent: true), attempt: 10) == .fail)
        #expect(decide(RPCError(.overloaded), attempt: 1000) != .fail)
        #expect(decide(RPCError(.overloaded), left: .milliseconds(1)) == .fail)
    }

    @Test("a retry is paid for where it is more work for a server in trouble")
    func costs() {
        func costs(_ code: ErrorCode, attempt: Int) -> Bool? {
            guard case .retry(_, let costs) = decide(RPCError(code), attempt: attempt) else { return nil }
            return costs
        }
        #expect(costs(.overloaded, attempt: 1) == true)
        #expect(costs(.connectionFailed, attempt: 5) == false)
        #expect(costs(.connectionLost, attempt: 1) == false)
        #expect(costs(.connectionLost, attempt: 2) == true)
        #expect(costs(.unavailable, attempt: 2) == true)
    }

    @Test("half of a delay is certain, the other half is chance, and it doubles up to a bound")
    func delays() {
        let backoff = Backoff(first: .milliseconds(10), greatest: .milliseconds(500))
        #expect(backoff.delay(afterFailures: 1, jitter: 0) == .milliseconds(5))
        #expect(backoff.delay(afterFailures: 1, jitter: 1) == .milliseconds(10))
        #expect(backoff.delay(afterFailures: 3, jitter: 1) == .milliseconds(40))
        #expect(backoff.delay(afterFailures: 1000, jitter: 1) == .milliseconds(500))
    }

    @Test("when everything fails, retries are a fifth of the calls and ten a second")
    func budget() {
        var budget = RetryBudget(now: .uptimeNanoseconds(0))
        var paid = 0
        for call in 0..<10_000 {
            budget.called()
            let now = NIODeadline.uptimeNanoseconds(UInt64(call) * 1_000_000)
            for _ in 0..<10 where budget.pay(now: now) { paid += 1 }
        }
        // 10,000 calls in 10 s: 2000, 100 and the 50 that were kept.
        #expect((2148...2150).contains(paid))
    }

    @Test("what was not spent in a quiet time is bounded")
    func quiet() {
        var budget = RetryBudget(now: .uptimeNanoseconds(0))
        for _ in 0..<100_000 { budget.called() }
        let later = NIODeadline.uptimeNanoseconds(3_600_000_000_000)
        #expect((0..<1000).count { _ in budget.pay(now: later) } == 50)
    }
}

@Suite("Hedging")
struct HedgeGovernorTests {
    @Test("nothing is hedged before the latencies are known, then after as long as 95 of 100 take")
    func percentile() {
        let governor = HedgeGovernor()
        for milliseconds: Int64 in 1...31 {
            #expect(governor.begin(.get, Hedging()) == nil)
            governor.answered(.get, after: .milliseconds(milliseconds))
        }
        governor.answered(.get, after: .milliseconds(32))
        #expect(governor.begin(.get, Hedging()) == .milliseconds(31))
        #expect(governor.begin(.scan, Hedging()) == nil)
        #expect(governor.begin(.scan, Hedging(delay: .fixed(.milliseconds(4)))) == .milliseconds(4))
        for _ in 0..<256 { governor.answered(.get, after: .milliseconds(2)) }
        #expect(governor.begin(.get, Hedging()) == .milliseconds(2))
    }

    @Test("no more than the share of all reads is sent twice")
    func share() {
        let governor = HedgeGovernor()
        let hedged = (0..<1000).count { _ in
            _ = governor.begin(.get, Hedging(greatestShare: 0.05))
            return governor.pay()
        }
        #expect((50...51).contains(hedged))
    }
}
