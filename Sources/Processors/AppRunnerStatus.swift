/// What an app's processors are doing, at one moment.
package struct AppRunnerStatus: Sendable {
    package enum State: String, Sendable {
        case running
        /// Something failed that may go away; it is tried again and again.
        case retrying
        /// It stopped by itself, and needs a person.
        case failed
        case stopped
    }

    package struct Bucket: Sendable {
        package var category: UInt32
        package var categoryName: String
        package var bucket: Int
        /// The next record to apply, as the tables have it.
        package var position: Int64
        package var end: Int64
        /// Every record appended before it is in the tables, microseconds since 1970: the append time of the last one
        /// that is, or for a bucket that has caught up the time of asking.
        package var freshness: Int64
        /// Read since the app started; a record that is read again counts again.
        package var records: UInt64 = 0
        /// Of them, those that came behind the watermark as it stood.
        package var lateRecords: UInt64 = 0
        /// Of them, those that could not be applied.
        package var deadLetters: UInt64 = 0

        package init(
            category: UInt32, categoryName: String, bucket: Int, position: Int64, end: Int64, freshness: Int64
        ) {
            self.category = category
            self.categoryName = categoryName
            self.bucket = bucket
            self.position = position
            self.end = end
            self.freshness = freshness
        }
    }

    package struct Watermark: Sendable {
        /// The input table and its category.
        package var input: String
        package var categoryName: String
        /// The event time before which nothing more is expected; nil until enough records have been seen.
        package var time: Int64?
        /// At which it was asked for.
        package var confidence: Double
        /// Seen since the app started while there was a watermark.
        package var records: UInt64
        /// Of them, those that came behind the watermark as it stood.
        package var lateRecords: UInt64

        /// The share of records observed late, to be held against 1 - `confidence`; nil where none was seen.
        package var lateShare: Double? { records == 0 ? nil : Double(lateRecords) / Double(records) }
    }

    package var app: String
    package var state = State.running
    /// One line, where something is wrong.
    package var message: String?
    /// Empty until the positions have been read.
    package var buckets: [Bucket] = []
    /// One for each input that has an event time and is read.
    package var watermarks: [Watermark] = []
    /// Read from the log since the app started; a record that is read again counts again.
    package var records: UInt64 = 0
    /// Records that could not be applied since the app started.
    package var deadLetters: UInt64 = 0
    package var checkpoints: UInt64 = 0
    /// What writing the last one took; 0 before the first.
    package var checkpointNanoseconds: UInt64 = 0
    /// Keys with a partial that no checkpoint has taken yet, and about what they take in memory.
    package var partials = 0
    package var partialBytes = 0
    /// Appended to output categories since the app started.
    package var outputRecords: UInt64 = 0
    /// Panes that were too large for a record.
    package var oversizedPanes: UInt64 = 0
    /// Records for a pane that was emitted as final already.
    package var lateAfterFinal: UInt64 = 0
    /// Records without a row in a table that they are joined with.
    package var unmatchedRecords: UInt64 = 0
    package var stageTimes = StageTimes()

    package init(app: String, state: State = .running) {
        self.app = app
        self.state = state
    }

    /// The least freshness of a category's buckets; nil where the app does not read it.
    package func freshness(ofCategory category: UInt32) -> Int64? {
        buckets.lazy.filter { $0.category == category }.map(\.freshness).min()
    }
}
