import NIOCore
import RPC
import Testing

@testable import MaserClient

@Suite("Numbers of appends")
struct AppendNumbersTests {
    private func next(_ numbers: inout AppendNumbers) -> AppendNumber? {
        numbers.begin { [9] }
    }

    @Test("rise by one, and stay below what the server remembers")
    func rise() {
        var numbers = AppendNumbers(id: [1], epoch: 3, isNamed: true)
        var last = next(&numbers)
        #expect(last == AppendNumber(id: [1], epoch: 3, sequence: 1))
        for sequence in 2...5000 as ClosedRange<UInt64> {
            if let last { numbers.end(last) }
            last = next(&numbers)
            #expect(last?.sequence == sequence)
        }
    }

    @Test("of a named producer wait for the oldest append that is under way")
    func wait() {
        var numbers = AppendNumbers(id: [1], epoch: 1, isNamed: true)
        let oldest = next(&numbers)
        for _ in 1..<AppendNumbers.window {
            if let number = next(&numbers) { numbers.end(number) }
        }
        #expect(next(&numbers) == nil)
        if let oldest { numbers.end(oldest) }
        #expect(next(&numbers)?.sequence == AppendNumbers.window + 1)
    }

    @Test("of a random producer go on under another id instead")
    func rotate() {
        var numbers = AppendNumbers(id: [1], epoch: 0, isNamed: false)
        let oldest = next(&numbers)
        for _ in 1..<AppendNumbers.window { #expect(next(&numbers)?.id == [1]) }
        #expect(next(&numbers) == AppendNumber(id: [9], epoch: 0, sequence: 1))
        // One of the former id ends, and changes nothing here.
        if let oldest { numbers.end(oldest) }
        #expect(next(&numbers) == AppendNumber(id: [9], epoch: 0, sequence: 2))
    }

    @Test("make an append worth sending again after everything that passes or leaves its outcome open")
    func decisions() {
        let policy = RetryPolicy()
        func decide(_ error: RPCError, timeLeft: TimeAmount = .seconds(1)) -> RetryPolicy.Decision {
            policy.decide(error, .append, attempt: 1, timeLeft: timeLeft, jitter: 1)
        }
        #expect(decide(RPCError(.overloaded)) == .retry(after: .milliseconds(10), costs: true))
        for code in [ErrorCode.connectionLost, .deadlineExceeded, .storageFailure] {
            #expect(decide(RPCError(code, mayHaveBeenDone: true)) != .fail)
        }
        #expect(decide(RPCError(.diskFull)) == .fail)
        #expect(decide(RPCError(.fenced)) == .fail)
        #expect(decide(RPCError(.cancelled, mayHaveBeenDone: true)) == .fail)
        #expect(decide(RPCError(.overloaded), timeLeft: .milliseconds(5)) == .fail)
    }
}
