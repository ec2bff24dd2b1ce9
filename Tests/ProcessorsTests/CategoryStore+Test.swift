import Catalog
import Categories
import Dispatch
import Synchronization

extension CategoryStore {
    /// Appends values without keys, and waits until they can be read.
    func appendAndWait(_ values: [[UInt8]], bucket: Int, to category: CategoryEntry) throws {
        try appendAndWait(values.map { NewRecord(key: nil, value: $0) }, bucket: bucket, to: category)
    }

    func appendAndWait(_ records: [NewRecord], bucket: Int = 0, to category: CategoryEntry) throws {
        if records.isEmpty { return }
        let result = Mutex<Result<[AppendedRange], CategoriesError>?>(nil)
        let done = DispatchSemaphore(value: 0)
        append([BucketRecords(bucket: bucket, records: records)], to: category) { outcome in
            result.withLock { $0 = outcome }
            done.signal()
        }
        done.wait()
        _ = try result.withLock { $0 }?.get()
    }
}
