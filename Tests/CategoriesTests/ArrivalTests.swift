import Testing

@testable import Categories

@Suite("When the latest records of a bucket came")
struct ArrivalTests {
    @Test("a record's time is that of the group that it came with")
    func groups() {
        var arrivals = Arrivals()
        arrivals.note(offset: 10, time: 1000)
        arrivals.note(offset: 13, time: 2000)
        #expect(arrivals.time(of: 9) == nil, "nobody knows of what came before the server started")
        #expect([10, 12].map { arrivals.time(of: $0) } == [1000, 1000])
        #expect([13, 500].map { arrivals.time(of: $0) } == [2000, 2000])
    }

    @Test("what is long ago gets coarser, and is never said to be later than it was")
    func long() {
        var arrivals = Arrivals()
        for group in 0..<10_000 as Range<Int64> { arrivals.note(offset: group * 3, time: group * 10) }
        #expect(arrivals.time(of: 29_997) == 99_990)
        for record in 0..<30_000 as Range<Int64> {
            let truth = record / 3 * 10
            guard let time = arrivals.time(of: record) else {
                Issue.record("record \(record) is forgotten")
                return
            }
            #expect(time <= truth)
            // How far off it is goes by how long ago it was.
            #expect(truth - time <= 160 + (99_990 - truth) / 4, "record \(record)")
        }
    }
}
