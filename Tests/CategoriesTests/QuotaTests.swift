import Catalog
import Categories
import Foundation
import Records
import Testing

@Suite struct QuotaTests {
    let fixture: LogFixture
    let store: CategoryStore
    let limited = CategoryEntry(id: 3, name: "limited", bucketCount: 1, quotaBytesPerSecond: 1000, sql: "")

    init() throws {
        fixture = try LogFixture()
        try fixture.catalog.update { [limited] in try $0.put(limited) }
        store = try fixture.open()
    }

    private func refusal(_ bytes: Int, at milliseconds: Int64) -> String? {
        fixture.set(milliseconds * 1000)
        do {
            try store.admit(bytes, to: limited)
            return nil
        } catch {
            #expect(error.code == .overloaded && error.isRetriable)
            return error.message
        }
    }

    @Test func whatOneSecondAllowsMayComeAtOnceAndNoMore() {
        #expect(refusal(600, at: 5000) == nil)
        #expect(refusal(400, at: 5000) == nil)
        #expect(
            refusal(250, at: 5000)
                == "category limited takes 1000 bytes a second and has had them: try again in 250 ms")
        #expect(refusal(250, at: 5249) != nil)
        #expect(refusal(250, at: 5250) == nil)
        // What is not used is not saved up.
        #expect(refusal(1000, at: 60_000) == nil)
        #expect(refusal(1, at: 60_000) != nil)
        #expect(store.figures(category: limited.id).refusedAppends == 3)
    }

    @Test func whatIsLargerThanASecondAllowsPassesAndIsWaitedFor() {
        #expect(refusal(3000, at: 5000) == nil)
        #expect(refusal(1, at: 6999) != nil)
        #expect(refusal(1, at: 7001) == nil)
        // A clock that goes back gives nothing.
        #expect(refusal(900, at: 1000) != nil)
    }

    @Test func ratesAreOfTheLastSecondsAndDuplicatesAreCounted() throws {
        let producer = ProducerSequence(id: [1], epoch: 0, numbering: .append(1))
        fixture.set(10_500_000)
        for _ in 0..<3 { try store.append([records(0, ["12345", "67890"])], to: limited, producer: producer) }
        fixture.set(11_500_000)
        try store.append([records(0, ["12345"])], to: limited)
        // The second that is under way does not count yet.
        var figures = store.figures(category: limited.id)
        #expect(figures.recordsPerSecond == 0.4)
        #expect(figures.bytesPerSecond == 2)
        #expect(figures.duplicateAppends == 2)
        fixture.set(12_000_000)
        figures = store.figures(category: limited.id)
        #expect(abs(figures.recordsPerSecond - 0.6) < 1e-9)
        fixture.set(16_000_000)
        #expect(store.figures(category: limited.id).recordsPerSecond == 0.2)
        fixture.set(17_000_000)
        #expect(store.figures(category: limited.id).recordsPerSecond == 0)
        #expect(store.figures(category: 99) == CategoryFigures())
    }

    /// Appends that say nothing are bounded like those that say much.
    @Test func producersDoNotLetMoreWaitThanMay() async throws {
        let small = try fixture.open(fixture.directory + "/small", waitingBytes: 4096)
        let held = DispatchSemaphore(value: 0)
        small.append([records(0, ["first"])], to: limited) { _ in held.wait() }
        let answers = DispatchGroup()
        for index in 0..<100 {
            answers.enter()
            small.append(
                [], to: limited, producer: ProducerSequence(id: [1], epoch: 0, numbering: .append(UInt64(index) + 1))
            ) { _ in answers.leave() }
        }
        let error = #expect(throws: CategoriesError.self) { try small.openProducer([2], of: limited) }
        #expect(error?.code == .overloaded)
        held.signal()
        await withCheckedContinuation { continuation in answers.notify(queue: .global()) { continuation.resume() } }
        #expect(try small.openProducer([2], of: limited) == 1)
        small.close()
    }
}
