import Catalog
import Records
import Tables
import Testing

@testable import Processors

/// Files give the same tables as a category does, however they are cut up and in whatever order their partials meet.
@Suite struct BatchRunTests {
    private static func events(seed: UInt64 = 21) -> [Event] {
        var generator = SeededGenerator(seed: seed)
        return Event.random(2000, base: ReferenceTests.base, using: &generator)
    }

    private static func run(greatestGroupCount: Int = BatchRun.greatestGroupCount) throws -> BatchRun {
        try BatchRun(
            inputs: EventsApp.app().inputTables, tables: EventsApp.tables, shardCount: 4,
            greatestGroupCount: greatestGroupCount)
    }

    private static func values(_ events: some Sequence<Event>) -> ByteStrings {
        var values = ByteStrings()
        for event in events { values.append(event.json) }
        return values
    }

    private static func streamed(_ events: [Event]) throws -> [[[UInt8]: [UInt8]]] {
        let stores = try Stores(bucketCount: 1)
        try stores.append(events)
        try stores.process()
        return try stores.scanAll()
    }

    @Test func aFileGivesWhatItsRecordsGiveAsACategory() throws {
        let events = Self.events()
        let stores = try Stores()
        let run = try Self.run()
        #expect(try run.apply(Self.values(events), to: ["events"], file: 0, firstRow: 0).isEmpty)
        try stores.tables.commit(Checkpoint(merges: run.takeMerges(), positions: []))
        #expect(try stores.scanAll() == Self.streamed(events))
        #expect(run.takeMerges().isEmpty)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func partialsOfAnySplitCombineInAnyOrder(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let events = Self.events(seed: seed)
        // Cuts into files, each a run of its own as on another machine, which gives its partials away now and then.
        var partials: [VersionMerges] = []
        var start = 0
        var file = 0
        while start < events.count {
            let end = min(start + Int.random(in: 1...400, using: &generator), events.count)
            let run = try Self.run()
            var row = start
            while row < end {
                let next = min(row + Int.random(in: 1...90, using: &generator), end)
                _ = try run.apply(Self.values(events[row..<next]), to: ["events"], file: file, firstRow: row - start)
                if Bool.random(using: &generator) { partials += run.takeMerges() }
                row = next
            }
            partials += run.takeMerges()
            start = end
            file += 1
        }
        // Some meet on the way, as a combiner would have it.
        partials.shuffle(using: &generator)
        let combined = partials.count / 2
        let combiner = try Stores()
        try combiner.tables.commit(Checkpoint(merges: Array(partials[..<combined]), positions: []))
        var rest = Array(partials[combined...])
        for table in EventsApp.tables {
            let key = StorageKey(of: table, shardCount: 4)
            try combiner.tables.states(of: table) { page in
                var keys = ByteStrings()
                try key.encode(page.keys, into: &keys)
                rest.append(VersionMerges(table: table.id, version: 1, keys: keys, operands: page.values))
            }
        }
        rest.shuffle(using: &generator)
        let stores = try Stores()
        for merges in rest { try stores.tables.commit(Checkpoint(merges: [merges], positions: [])) }
        #expect(stores.tables.undecodableOperands == 0)
        #expect(try stores.scanAll() == Self.streamed(events))
    }

    @Test func ofUpsertsOfOneTimeTheLaterFileWinsAndInItTheLaterRow() throws {
        func event(_ x: Int64) -> Event {
            Event(time: ReferenceTests.base, user: "ada", shop: nil, x: x, y: nil, gone: nil)
        }
        let run = try Self.run()
        let stores = try Stores()
        for (file, xs) in [(1, [3, 4]), (0, [1, 2])] as [(Int, [Int64])] {
            _ = try run.apply(Self.values(xs.map(event)), to: ["events"], file: file, firstRow: 0)
        }
        try stores.tables.commit(Checkpoint(merges: run.takeMerges(), positions: []))
        #expect(try stores.rows(EventsApp.latest)[[.string("ada")]]?.first == .int64(4))
    }

    @Test func aRecordThatCannotBeAppliedIsRefusedOnceWithItsReasonAndStopsNothing() throws {
        var values = Self.values(Self.events().prefix(2))
        values.append(Array("junk".utf8))
        values.append(Array(#"{"user": "ada"}"#.utf8))
        values.append(Array(#"{"user": "ada", "time": "1899-01-01"}"#.utf8))
        // Later than any clock of today: nobody appended it, and nobody can say that it is absurd.
        values.append(Array(#"{"user": "ada", "time": "2524-01-01"}"#.utf8))
        let run = try Self.run()
        let refused = try run.apply(values, to: ["events"], file: 0, firstRow: 0)
        #expect(refused.map(\.record) == [2, 3, 4])
        #expect(refused[0].reason.contains("JSON"))
        #expect(refused[1].reason == "there is no event time")
        #expect(refused[2].reason == "the event time is before 1900")
        let stores = try Stores()
        try stores.tables.commit(Checkpoint(merges: run.takeMerges(), positions: []))
        #expect(try stores.rows(EventsApp.latest).keys.contains([.string("ada")]))
    }

    @Test func recordsOfAnotherInputTableReachNoTable() throws {
        let run = try Self.run()
        #expect(try run.apply(Self.values(Self.events()), to: ["others"], file: 0, firstRow: 0).isEmpty)
        #expect(run.takeMerges().isEmpty)
    }

    @Test func aRunIsFullWhereItHasAsManyGroupsAsItMay() throws {
        let run = try Self.run(greatestGroupCount: 10)
        _ = try run.apply(Self.values(Self.events().prefix(1)), to: ["events"], file: 0, firstRow: 0)
        #expect(!run.isFull)
        _ = try run.apply(Self.values(Self.events().prefix(500)), to: ["events"], file: 0, firstRow: 1)
        #expect(run.isFull)
        _ = run.takeMerges()
        #expect(!run.isFull)
    }
}
