import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Testing

@Suite struct ProducerTests {
    let fixture: LogFixture
    let clicks = LogFixture.clicks
    private static let day: Int64 = 86_400 * 1_000_000

    init() throws {
        fixture = try LogFixture()
    }

    private func append(
        _ value: String, _ sequence: UInt64, to store: CategoryStore, id: String = "p", epoch: UInt32 = 0
    ) throws -> [AppendedRange] {
        try store.append(
            [records(0, [value])], to: clicks,
            producer: ProducerSequence(id: [UInt8](id.utf8), epoch: epoch, numbering: .append(sequence)))
    }

    private func append(
        _ numbered: [[(Int64, String)]], to store: CategoryStore, id: String = "app", epoch: UInt32 = 0
    ) throws -> [AppendedRange] {
        try store.append(
            numbered.enumerated().map { records($0.offset, $0.element.map(\.1)) }, to: clicks,
            producer: ProducerSequence(
                id: [UInt8](id.utf8), epoch: epoch, numbering: .records(numbered.map { $0.map(\.0) })))
    }

    private func code(_ body: () throws -> Void) -> CategoriesError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? CategoriesError)?.code
        }
    }

    // MARK: Appends with sequences of their own

    @Test func anAppendThatIsSentAgainLandsOnce() throws {
        let store = try fixture.open()
        #expect(try append("a", 1, to: store).map(\.end) == [1])
        #expect(try append("b", 2, to: store).map(\.end) == [2])
        let again = try append("a", 1, to: store)
        // Nobody remembers which buckets it went to.
        #expect(again.map(\.start) == [2, 0, 0, 0])
        #expect(again.map(\.end) == [2, 0, 0, 0])
        #expect(try append("a", 1, to: store, id: "q").map(\.end) == [3])
        #expect(try store.texts(0) == ["a", "b", "a"])
        let state = try #require(store.producerState(id: [UInt8]("p".utf8), category: clicks.id))
        #expect(state == (0, 2))
        #expect(store.producerState(id: [UInt8]("p".utf8), category: 2) == nil)
        store.close()
    }

    @Test func appendsLandInAnyOrder() throws {
        let store = try fixture.open()
        for sequence in [3, 1, 5, 2, 4, 3, 1, 5, 6] as [UInt64] { _ = try append("\(sequence)", sequence, to: store) }
        #expect(try store.texts(0) == ["3", "1", "5", "2", "4", "6"])
        store.close()
    }

    @Test func anAppendFromBeforeTheWindowIsRefused() throws {
        let store = try fixture.open()
        _ = try append("1", 1, to: store)
        _ = try append("1030", 1030, to: store)
        #expect(code { _ = try append("6", 6, to: store) } == .sequenceTooOld)
        _ = try append("7", 7, to: store)
        _ = try append("7", 7, to: store)
        #expect(try store.texts(0) == ["1", "1030", "7"])
        store.close()
    }

    @Test func theSequenceWindowAgreesWithASetOfEverythingThatLanded() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            var window = SequenceWindowProbe()
            var center: UInt64 = 1
            for _ in 0..<4000 {
                center += UInt64.random(in: 0...3, using: &generator)
                if Int.random(in: 0..<200, using: &generator) == 0 { center += 700 }
                let back = UInt64.random(in: 0...1100, using: &generator)
                window.offer(center > back ? center - back : center)
            }
            #expect(window.differences == 0)
        }
    }

    @Test func aDuplicateWithinOneGroupLandsOnce() async throws {
        let store = try fixture.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for i in 0..<200 {
                group.addTask { _ = try append("\(i / 4)", UInt64(i / 4 + 1), to: store) }
            }
            try await group.waitForAll()
        }
        #expect(try store.texts(0).sorted() == (0..<50).map { "\($0)" }.sorted())
        store.close()
    }

    // MARK: Records with sequences of their own

    @Test func recordsThatLandedArePassedOver() throws {
        let store = try fixture.open()
        _ = try append([[(0, "a"), (3, "b")], [(2, "c")]], to: store)
        let ranges = try append([[(0, "a"), (3, "b"), (4, "d")], [(2, "c")], [(9, "e")]], to: store)
        #expect(ranges.map(\.start) == [2, 1, 0])
        #expect(ranges.map(\.end) == [3, 1, 1])
        #expect(try append([[(0, "a")], [(9, "x")]], to: store).map(\.end) == [3, 1, 1, 0])
        #expect(try store.texts(0) == ["a", "b", "d"])
        #expect(try store.texts(1) == ["c"])
        #expect(try store.texts(2) == ["e"])
        #expect(store.producerState(id: [UInt8]("app".utf8), category: clicks.id)?.highest == 9)
        store.close()
    }

    @Test func sequencesThatDoNotFitAreRefused() throws {
        let store = try fixture.open()
        #expect(code { _ = try append([[(4, "a"), (4, "b")]], to: store) } == .invalidArgument)
        #expect(code { _ = try append([[(-1, "a")]], to: store) } == .invalidArgument)
        #expect(code { _ = try append("a", 0, to: store) } == .invalidArgument)
        #expect(code { _ = try append("a", .max, to: store) } == .invalidArgument)
        #expect(code { _ = try append("a", 1, to: store, id: "") } == .invalidArgument)
        #expect(code { _ = try append("a", 1, to: store, id: String(repeating: "i", count: 65)) } == .invalidArgument)
        _ = try append("a", 1, to: store)
        #expect(code { _ = try append([[(4, "a")]], to: store, id: "p") } == .invalidArgument)
        #expect(try store.texts(0) == ["a"])
        store.close()
    }

    // MARK: Epochs

    @Test func openingBeginsAnEpochAndFencesTheOneBefore() throws {
        let store = try fixture.open()
        let id = [UInt8]("p".utf8)
        #expect(try store.openProducer(id, of: clicks) == 1)
        _ = try append("a", 1, to: store, epoch: 1)
        #expect(try store.openProducer(id, of: clicks) == 2)
        #expect(code { _ = try append("b", 2, to: store, epoch: 1) } == .fenced)
        #expect(code { _ = try append("a", 1, to: store, epoch: 1) } == .fenced)
        _ = try append("c", 1, to: store, epoch: 2)
        _ = try append("c", 1, to: store, epoch: 2)
        #expect(try store.texts(0) == ["a", "c"])
        #expect(store.producerState(id: id, category: clicks.id)?.epoch == 2)
        store.close()
    }

    @Test func aHigherEpochStartsAfreshWithoutBeingOpened() throws {
        let store = try fixture.open()
        _ = try append([[(7, "a")]], to: store, epoch: 3)
        _ = try append([[(7, "b")]], to: store, epoch: 5)
        #expect(code { _ = try append([[(8, "c")]], to: store, epoch: 3) } == .fenced)
        #expect(try store.texts(0) == ["a", "b"])
        #expect(try store.openProducer([UInt8]("app".utf8), of: clicks) == 6)
        store.close()
    }

    @Test func thereIsNoEpochAfterTheLast() throws {
        let store = try fixture.open()
        _ = try append("a", 1, to: store, epoch: .max)
        #expect(code { _ = try store.openProducer([UInt8]("p".utf8), of: clicks) } == .invalidArgument)
        #expect(code { _ = try store.openProducer([], of: clicks) } == .invalidArgument)
        _ = try append("b", 2, to: store, epoch: .max)
        store.close()
    }

    // MARK: What lasts

    @Test func producersAreKnownAfterARestartAndAfterAKill() throws {
        var store = try fixture.open()
        #expect(try store.openProducer([UInt8]("p".utf8), of: clicks) == 1)
        for sequence in [1, 2, 5, 7] as [UInt64] { _ = try append("\(sequence)", sequence, to: store, epoch: 1) }
        _ = try append([[(3, "x")]], to: store)
        let killed = try fixture.open(try fixture.copyOfTheFiles())
        store.close()
        store = try fixture.open()
        for store in [store, killed] {
            for sequence in [1, 2, 3, 5, 7, 8] as [UInt64] {
                _ = try append("\(sequence)", sequence, to: store, epoch: 1)
            }
            _ = try append([[(3, "x"), (4, "y")]], to: store)
            #expect(try store.texts(0) == ["1", "2", "5", "7", "x", "3", "8", "y"])
            #expect(code { _ = try append("late", 9, to: store) } == .fenced)
            store.close()
        }
    }

    @Test(arguments: [false, true])
    func whatAFailedWriteLeftIsNoDuplicate(afterWriting: Bool) throws {
        var store = try fixture.open()
        _ = try append("a", 1, to: store)
        _ = try append([[(3, "x")]], to: store)
        for body in [
            { _ = try append("b", 2, to: store) },
            { _ = try append([[(3, "x"), (4, "y")]], to: store) },
            { _ = try append("new", 1, to: store, id: "new") },
            { _ = try store.openProducer([UInt8]("p".utf8), of: clicks) },
        ] {
            store.failNextWrite(with: RocksDBError(.noSpace, "No space left on device"), afterWriting: afterWriting)
            #expect(code(body) == .diskFull)
        }
        // Once sent again it lands, and once only.
        for _ in 0..<2 {
            for _ in 0..<2 {
                _ = try append("b", 2, to: store)
                _ = try append([[(3, "x"), (4, "y")]], to: store)
                _ = try append("new", 1, to: store, id: "new")
            }
            #expect(try store.texts(0) == ["a", "x", "b", "y", "new"])
            store.close()
            store = try fixture.open()
        }
        store.close()
    }

    @Test func aFailedWriteThatNobodyRepeatsIsForgottenWhenTheLogIsClosed() throws {
        var store = try fixture.open()
        _ = try append("a", 1, to: store)
        store.failNextWrite(with: RocksDBError(.ioError, "cannot sync"), afterWriting: true)
        #expect(code { _ = try append("b", 2, to: store) } == .storage)
        store.close()
        store = try fixture.open()
        _ = try append("b", 2, to: store)
        #expect(try store.texts(0) == ["a", "b"])
        store.close()
    }

    @Test func aDeletedCategoryTakesItsProducersAlong() throws {
        var store = try fixture.open()
        let id = [UInt8]("p".utf8)
        let stray = CategoryEntry(id: 9, name: "stray", bucketCount: 1, sql: "")
        _ = try append("a", 1, to: store)
        for category in [LogFixture.letters, stray] {
            try store.append(
                [records(0, ["b"])], to: category,
                producer: ProducerSequence(id: id, epoch: 4, numbering: .append(1)))
        }
        try store.deleteCategory(id: LogFixture.letters.id)
        #expect(store.producerState(id: id, category: LogFixture.letters.id) == nil)
        store.close()
        store = try fixture.open()
        #expect(store.producerState(id: id, category: LogFixture.letters.id) == nil)
        // The catalog never knew it.
        #expect(store.producerState(id: id, category: stray.id) == nil)
        #expect(store.producerState(id: id, category: clicks.id)?.highest == 1)
        store.close()
    }

    @Test func producersThatWereNotUsedForAWeekAreForgotten() throws {
        var store = try fixture.open()
        fixture.set(0)
        let opened = [UInt8]("opened".utf8)
        #expect(try store.openProducer(opened, of: clicks) == 1)
        #expect(try store.openProducer(opened, of: clicks) == 2)
        _ = try append("a", 1, to: store)
        _ = try append([[(3, "x")]], to: store)
        fixture.set(3 * Self.day)
        _ = try append("b", 1, to: store, id: "q")
        fixture.set(7 * Self.day + 1)
        store.tidy()
        for _ in 0..<2 {
            #expect(store.producerState(id: [UInt8]("p".utf8), category: clicks.id) == nil)
            #expect(store.producerState(id: opened, category: clicks.id) == nil)
            #expect(store.producerState(id: [UInt8]("q".utf8), category: clicks.id)?.highest == 1)
            // The server's own may be away for long.
            #expect(store.producerState(id: [UInt8]("app".utf8), category: clicks.id)?.highest == 3)
            store.close()
            store = try fixture.open()
        }
        // Whoever opened it before is fenced all the same.
        #expect(try store.openProducer(opened, of: clicks) == 3)
        store.close()
    }
}
