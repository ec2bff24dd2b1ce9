import Testing

@testable import RPC

@Suite("Requests are sent together")
struct FlushGateTests {
    private var gate = FlushGate()

    @Test("the first request wakes the loop, and those before it gets to send go along")
    mutating func alone() {
        #expect(gate.submitted(bytes: 50) == true)
        #expect(gate.submitted(bytes: 100) == false)
        gate.flushed()
        #expect(gate.submitted(bytes: 50) == true)
    }

    @Test("after many answers the loop sleeps until as many requests are there")
    mutating func burst() {
        #expect(gate.delivered(10, bytes: 0) == .wait)
        for _ in 1..<10 { #expect(gate.submitted(bytes: 50) == false) }
        #expect(gate.submitted(bytes: 500) == true)
        gate.flushed()
        // The look that was to come finds nothing to wait for.
        #expect(gate.elapsed(bytes: 0) == (false, false))
    }

    @Test("it is waited on while requests come, and no longer")
    mutating func moments() {
        #expect(gate.delivered(10, bytes: 0) == .wait)
        for _ in 0..<3 { #expect(gate.submitted(bytes: 50) == false) }
        #expect(gate.elapsed(bytes: 150) == (true, true))
        gate.flushed()
        #expect(gate.submitted(bytes: 50) == false)
        #expect(gate.elapsed(bytes: 50) == (true, true))
        gate.flushed()
        #expect(gate.elapsed(bytes: 0) == (false, false))
        #expect(gate.submitted(bytes: 50) == true)
    }

    @Test("after few answers, and with much to send, nothing is waited for")
    mutating func impatience() {
        #expect(gate.delivered(3, bytes: 0) == .nothing)
        #expect(gate.submitted(bytes: 50) == true)
        gate.flushed()
        #expect(gate.delivered(3, bytes: 50) == .flush)
        #expect(gate.delivered(10, bytes: 0) == .wait)
        #expect(gate.submitted(bytes: FlushGate.greatestBytes) == true)
    }

    @Test("answers that come while it is waited make it wait for theirs, under the one look that is due")
    mutating func overlap() {
        #expect(gate.delivered(10, bytes: 0) == .wait)
        #expect(gate.delivered(20, bytes: 0) == .nothing)
        for _ in 1..<20 { #expect(gate.submitted(bytes: 50) == false) }
        #expect(gate.submitted(bytes: 50) == true)
    }
}
