import Catalog
import Categories
import Tables
import Testing

@testable import Processors

@Suite struct DeadLetterTests {
    private static let bad = [
        "not json", #"{"time":"2023-11-14T22:13:20Z","user":7}"#, #"{"user":"a"}"#,
        #"{"time":"2223-11-14T22:13:20Z","user":"a"}"#, #"{"time":"1823-11-14T22:13:20Z","user":"a"}"#,
    ].map { Array($0.utf8) }

    @Test func keepsWhatItCannotApplyWithTheReasonAndGoesOn() throws {
        let stores = try Stores(bucketCount: 2)
        try stores.append([Event(time: ReferenceTests.base, user: "u1", x: 1)])
        try stores.append(Self.bad, bucket: 1)
        try stores.append([Event(time: ReferenceTests.base, user: "u1", x: 2)])
        try stores.process()
        let letters = try stores.deadLetters()
        #expect(letters.map { $0["bucket"] } == Array(repeating: "1", count: Self.bad.count))
        let first = (letters.first?["offset"]).flatMap { Int($0) } ?? -1
        #expect(letters.map { $0["offset"] } == Self.bad.indices.map { String(first + $0) })
        #expect(letters.allSatisfy { $0["category"] == "events" && $0["reason"]?.isEmpty == false })
        #expect(letters[2]["reason"] == "there is no event time")
        #expect(letters[3]["reason"] == "the event time is more than 366 days after the record was appended")
        #expect(letters[4]["reason"] == "the event time is before 1900")
        #expect(try stores.differences() == [])
    }

    @Test func keepsEachOnceWhateverIsReplayed() throws {
        let stores = try Stores(bucketCount: 2)
        for round in 0..<6 {
            try stores.append(Self.bad, bucket: round % 2)
            let processor = try stores.processor(batchRecordCount: 2)
            for _ in 0..<(round + 1) { _ = try processor.step() }
            // Durable as before a checkpoint; then the process ends.
            if round != 3 { try processor.keepDeadLetters() }
            if round == 4 { try processor.checkpoint() }
            try stores.reopen()
        }
        try stores.process()
        let letters = try stores.deadLetters()
        #expect(letters.count == 6 * Self.bad.count)
        #expect(Set(letters.map { [$0["bucket"], $0["offset"]] }).count == letters.count)
    }

    /// What is known of one bucket is not forgotten because another one goes on.
    @Test func keepsEachOnceWhereATableIsBehind() throws {
        let stores = try Stores(bucketCount: 2)
        for _ in 0..<4 { try stores.append(Self.bad, bucket: 0) }
        try stores.process()
        let behind = try #require(EventsApp.tables.first)
        try stores.tables.dropVersion(table: behind.id, version: 1)
        try stores.tables.createVersion(table: behind.id, version: 1)
        #expect(try stores.tables.positions(table: behind.id, version: 1).isEmpty)
        try stores.append(Self.bad, bucket: 1)
        let processor = try stores.processor(batchRecordCount: 1)
        for _ in 0..<8 { _ = try processor.step() }
        try processor.checkpoint()
        try stores.reopen()
        try stores.process()
        let letters = try stores.deadLetters()
        #expect(letters.count == 5 * Self.bad.count)
        #expect(Set(letters.map { [$0["bucket"], $0["offset"]] }).count == letters.count)
    }

    /// A table that is behind refuses what another one took, before a record that is kept already.
    @Test func keepsEarlierRecordsThanThoseThatAreKeptAlready() throws {
        let stores = try Stores(bucketCount: 1)
        try stores.append(Self.bad, bucket: 0)
        let last = Self.bad.count - 1
        let headers = [("category", "events"), ("bucket", "0"), ("offset", "\(last)"), ("reason", "kept")]
        try stores.categories.appendAndWait(
            [NewRecord(value: [], headers: headers.map { RecordHeader(name: $0, value: Array($1.utf8)) })],
            to: EventsApp.deadLetters)
        try stores.process()
        #expect(try stores.deadLetters().map { $0["offset"] } == ([last] + Array(0..<last)).map { String($0) })
    }

    /// What the app before it could not apply says nothing about what this one cannot.
    @Test func keepsItsOwnWhateverAFormerAppOfTheNameKept() throws {
        let stores = try Stores(bucketCount: 1, app: EventsApp.app(deadLettersFrom: 1))
        try stores.append(Self.bad, bucket: 0)
        let headers = [
            ("category", "events"), ("bucket", "0"), ("offset", "\(Self.bad.count - 1)"), ("reason", "former"),
        ]
        try stores.categories.appendAndWait(
            [NewRecord(value: [], headers: headers.map { RecordHeader(name: $0, value: Array($1.utf8)) })],
            to: EventsApp.deadLetters)
        for _ in 0..<2 {
            try stores.process()
            let letters = try stores.deadLetters().dropFirst()
            #expect(letters.map { $0["offset"] } == Self.bad.indices.map { String($0) })
            try stores.reopen()
        }
    }

    @Test func positionsPassThemAndWhatIsFilteredOut() throws {
        let stores = try Stores(bucketCount: 1)
        try stores.append(Self.bad, bucket: 0)
        try stores.append([Event(time: ReferenceTests.base, user: "u1", x: 13)])
        try stores.process()
        let end = Int64(Self.bad.count + 1)
        for table in EventsApp.tables {
            let positions = try stores.tables.positions(table: table.id, version: 1)
            #expect(positions[PositionKey(category: EventsApp.categoryID, bucket: 0)]?.offset == end)
        }
        #expect(try stores.scan(EventsApp.byMinute).isEmpty)
    }
}
