import Records
import Testing

@testable import Processors

@Suite struct UpsertTests {
    private static let time = ReferenceTests.base

    private func latest(_ events: [Event], checkpointAfterEach: Bool = false) throws -> [Value]? {
        let stores = try Stores(bucketCount: 1)
        if checkpointAfterEach {
            for event in events {
                try stores.append([event])
                try stores.process()
            }
        } else {
            try stores.append(events)
            try stores.process()
        }
        return try stores.rows(EventsApp.latest)[[.string("a")]]
    }

    @Test(arguments: [false, true]) func theLaterEventWinsHoweverLateItsRivalComes(checkpoints: Bool) throws {
        let row = try latest(
            [
                Event(time: Self.time, user: "a", x: 1), Event(time: Self.time + 5, user: "a", x: 2),
                Event(time: Self.time + 3, user: "a", x: 3),
            ], checkpointAfterEach: checkpoints)
        #expect(row?.first == .int64(2))
    }

    @Test(arguments: [false, true]) func ofEqualTimesTheLaterRecordWins(checkpoints: Bool) throws {
        let row = try latest(
            [Event(time: Self.time, user: "a", x: 1), Event(time: Self.time, user: "a", x: 2)],
            checkpointAfterEach: checkpoints)
        #expect(row?.first == .int64(2))
    }

    @Test(arguments: [false, true]) func aDeleteRemovesTheRowAndOutlivesOlderRecords(checkpoints: Bool) throws {
        let events = [
            Event(time: Self.time, user: "a", x: 1), Event(time: Self.time + 2, user: "a", x: 2, gone: true),
            Event(time: Self.time + 1, user: "a", x: 3),
        ]
        #expect(try latest(events, checkpointAfterEach: checkpoints) == nil)
        let revived = events + [Event(time: Self.time + 3, user: "a", x: 4)]
        #expect(try latest(revived, checkpointAfterEach: checkpoints)?.first == .int64(4))
    }
}
