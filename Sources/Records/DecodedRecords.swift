/// What a decoder made of a batch of record values. Malformed records are left out of the batch.
package struct DecodedRecords: Sendable {
    package var batch: RecordBatch
    /// For each row of the batch the index of the record that it came from, ascending.
    package var records: [Int]
    /// By ascending record.
    package var failures: [RecordFailure]

    package init(batch: RecordBatch, records: [Int], failures: [RecordFailure]) {
        self.batch = batch
        self.records = records
        self.failures = failures
    }
}

/// Why a record has no row.
package struct RecordFailure: Hashable, Sendable {
    package var record: Int
    package var reason: String

    package init(record: Int, reason: String) {
        self.record = record
        self.reason = reason
    }
}
