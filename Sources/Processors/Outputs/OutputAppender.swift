internal import Catalog
internal import Categories
internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Appends to an output category, and waits until no power loss can take it back. Memory is bounded by what the caller has:
/// a log that takes no more for now is waited for.
struct OutputAppender: Sendable {
    /// After so long the append has failed, and is begun again with what else the app does.
    private static let patienceMicroseconds = 10_000_000
    private static let leastPauseMicroseconds = 500
    private static let greatestPauseMicroseconds = 64_000

    private let category: CategoryEntry
    private let categories: CategoryStore

    init(_ category: CategoryEntry, in categories: CategoryStore) {
        // Whatever the category promises its other writers, positions pass only what is durable.
        var category = category
        category.acknowledgement = .fsync
        self.category = category
        self.categories = categories
    }

    /// One append of one producer, if it has one.
    struct Append: Sendable {
        var chunk: OutputChunk
        var producer: [UInt8]?
    }

    /// Appends of different producers, all at once.
    func append(_ appends: [Append]) throws(ProcessorsError) {
        var waiting = appends
        var pause = Self.leastPauseMicroseconds
        var waited = 0
        while true {
            waiting = try appendOnce(waiting)
            if waiting.isEmpty { return }
            guard waited < Self.patienceMicroseconds else {
                throw ProcessorsError(.appendFailed, "the log takes no more records for \(category.name)")
            }
            usleep(UInt32(pause))
            waited += pause
            pause = min(pause * 2, Self.greatestPauseMicroseconds)
        }
    }

    /// Gives back what the log had no room for, of which nothing was taken.
    private func appendOnce(_ appends: [Append]) throws(ProcessorsError) -> [Append] {
        let outcomes = Mutex<[Int: CategoriesError]>([:])
        let answered = DispatchGroup()
        for (index, append) in appends.enumerated() where append.chunk.count > 0 {
            answered.enter()
            categories.append(
                append.chunk.records, to: category, producer: append.producer.map { append.chunk.producer($0) }
            ) { result in
                if case .failure(let error) = result { outcomes.withLock { $0[index] = error } }
                answered.leave()
            }
        }
        answered.wait()
        let failures = outcomes.withLock { $0 }
        var refused: [Append] = []
        for (index, append) in appends.enumerated() {
            guard let error = failures[index] else { continue }
            guard error.code == .overloaded else {
                throw ProcessorsError(log: error, "appending to \(category.name)", code: .appendFailed)
            }
            refused.append(append)
        }
        return refused
    }
}
