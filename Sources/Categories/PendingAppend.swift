internal import Catalog

/// An append, or the opening of a producer, that waits for the writer.
struct PendingAppend: Sendable {
    enum Work: Sendable {
        case append([BucketRecords], ProducerSequence?)
        case openProducer([UInt8])
    }

    /// What came of it.
    enum Outcome: Sendable {
        case appended([AppendedRange])
        case opened(epoch: UInt32)
    }

    typealias Completion = @Sendable (Result<Outcome, CategoriesError>) -> Void

    /// What it takes to hold the smallest: many that hold nothing are bounded too.
    private static let leastBytes = 256

    let category: CategoryEntry
    let work: Work
    let byteCount: Int
    let completion: Completion

    init(category: CategoryEntry, work: Work, completion: @escaping Completion) {
        self.category = category
        self.work = work
        self.completion = completion
        byteCount =
            switch work {
            case .append(let records, let producer):
                records.reduce(Self.leastBytes + (producer?.byteCount ?? 0)) { $0 + $1.byteCount }
            case .openProducer(let id): Self.leastBytes + id.count
            }
    }
}
