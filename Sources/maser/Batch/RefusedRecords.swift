internal import BulkLoad

/// Counts records that cannot be applied, and tells of the first of them.
final class RefusedRecords {
    /// Of more, only the number is told.
    private static let greatestLineCount = 100

    private(set) var count = 0
    /// nil: any number.
    private let greatestCount: Int?

    init(greatestCount: Int?) {
        self.greatestCount = greatestCount
    }

    func add(_ place: SourcePlace, _ reason: String) throws {
        count += 1
        if count <= Self.greatestLineCount { standardError("\(place): \(reason)") }
        if let greatestCount, count > greatestCount {
            throw CommandError(
                "\(HumanText.count(count)) \(count == 1 ? "record" : "records") could not be applied, and "
                    + "--max-errors allows \(HumanText.count(greatestCount))")
        }
    }

    /// Whoever set no bound wants to know that something is missing.
    func finish(of total: Int) throws {
        if count == 0 { return }
        let line = "\(HumanText.count(count)) of \(HumanText.count(total)) records could not be applied"
        guard greatestCount == nil else { return standardError("maser: \(line)") }
        throw CommandError("\(line); all others were (--max-errors says how many may be)")
    }
}
