/// The first reason why each malformed record of a batch is left out.
struct Failures {
    private var reasons: [Int: String] = [:]

    mutating func add(_ record: Int, _ reason: @autoclosure () -> String) {
        if reasons[record] == nil { reasons[record] = reason() }
    }

    /// `columns` have a value for every record; those of malformed ones go.
    func leaveOut(of columns: [Column], count: Int) -> DecodedRecords {
        let all = RecordBatch(count: count, columns: columns)
        if reasons.isEmpty { return DecodedRecords(batch: all, records: [Int](0..<count), failures: []) }
        let kept = (0..<count).filter { reasons[$0] == nil }
        let failures = reasons.sorted { $0.key < $1.key }.map { RecordFailure(record: $0.key, reason: $0.value) }
        return DecodedRecords(batch: all.gather(kept), records: kept, failures: failures)
    }
}
