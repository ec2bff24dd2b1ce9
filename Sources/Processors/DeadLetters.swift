internal import Catalog
internal import Categories
internal import Dispatch
internal import Records
internal import Synchronization
internal import Tables

// A record that cannot be applied is kept, with the reason, before the checkpoint that passes it: durably, so that no
// crash loses it. A crash between the two would keep it again in the replay; therefore each checkpoint also writes how
// far the dead-letter category had come, as a position like any other, and at start the letters beyond that
// position, which are those of a checkpoint that did not happen, tell which records are kept already.

/// What a deploy makes for an app beside its tables, and what stands in it.
package enum DeadLetterCategory {
    package static let bucketCount = 1
    package static let bucket = 0

    package static func name(ofApp app: String) -> String { "\(app)_dead_letters" }

    /// Names of a letter's headers; its key and value are the record's.
    package enum Header {
        package static let reason = "reason"
        /// The record's place: the category's name, the bucket and the offset in decimal.
        package static let category = "category"
        package static let bucket = "bucket"
        package static let offset = "offset"
    }
}

/// Keeps what an app could not apply.
final class DeadLetters {
    /// Letters and bytes that wait for a checkpoint at most; past that they are appended without one.
    static let greatestCount = 4096
    static let greatestByteCount = 16 << 20
    /// What the category may take on the disk; past that, records are counted and no longer kept.
    static let greatestCategoryByteCount = 1 << 30

    private typealias Header = DeadLetterCategory.Header
    static let bucket = DeadLetterCategory.bucket

    let category: CategoryEntry
    private let categories: CategoryStore
    private let isKeeping: Bool
    private var pending = BucketRecords(bucket: bucket)
    /// Records that could not be applied since the app started.
    private(set) var count: UInt64 = 0
    /// Where the dead-letter category ends, with the last letter of this app's in it.
    private(set) var end: Int64 = 0
    private var taken: Int64 = 0

    /// Without `keeping` records are counted only: somebody else keeps them.
    init(_ category: CategoryEntry, in categories: CategoryStore, keeping: Bool = true) {
        self.category = category
        self.categories = categories
        isKeeping = keeping
    }

    var positionKey: PositionKey { PositionKey(category: category.id, bucket: Self.bucket) }

    /// `end`, where it is beyond what the last checkpoint took.
    func takeDirtyEnd() -> Int64? {
        defer { taken = end }
        return end == taken ? nil : end
    }

    /// Forgets what is pending, and calls `body` for every letter from `position` on, with the category, the bucket and
    /// the offset of the record that it keeps.
    func load(
        from position: Int64, _ body: (String, Int, Int64) -> Void
    ) throws(ProcessorsError) {
        pending = BucketRecords(bucket: Self.bucket)
        taken = position
        end = categories.end(category: category.id, bucket: Self.bucket)
        do {
            var next = max(position, categories.start(category: category.id, bucket: Self.bucket))
            while next < end {
                let letters = try categories.read(
                    category: category.id, bucket: Self.bucket, from: next, maximumRecords: Self.greatestCount,
                    maximumBytes: Self.greatestByteCount)
                guard let last = letters.offsets.last else { break }
                for index in 0..<letters.count {
                    if let (category, bucket, offset) = Self.origin(letters.headers(of: index)) {
                        body(category, bucket, offset)
                    }
                }
                next = last + 1
            }
        } catch {
            throw ProcessorsError(log: error, "reading \(category.name)")
        }
    }

    /// Takes one record; whatever had to make room for it is durable.
    func keep(
        _ records: LogRecords, _ index: Int, reason: String, category: String, bucket: Int
    ) throws(ProcessorsError) {
        guard isKeeping else {
            count += 1
            return
        }
        let headers = [
            RecordHeader(name: Header.reason, value: [UInt8](reason.utf8)),
            RecordHeader(name: Header.category, value: [UInt8](category.utf8)),
            RecordHeader(name: Header.bucket, value: [UInt8](String(bucket).utf8)),
            RecordHeader(name: Header.offset, value: [UInt8](String(records.offsets[index]).utf8)),
        ]
        records.values[index].withUnsafeBytes { value in
            records.keys[index].withUnsafeBytes { key in
                pending.append(key: records.hasKey[index] ? key : nil, value: value, headers: headers)
            }
        }
        if pending.count >= Self.greatestCount || pending.byteCount >= Self.greatestByteCount { try flush() }
    }

    /// Returns when all that was kept is durable.
    func flush() throws(ProcessorsError) {
        guard pending.count > 0 else { return }
        if categories.byteCount(category: category.id) < Self.greatestCategoryByteCount { try append() }
        count += UInt64(pending.count)
        pending = BucketRecords(bucket: Self.bucket)
    }

    private func append() throws(ProcessorsError) {
        let result = Mutex<Result<[AppendedRange], CategoriesError>?>(nil)
        let done = DispatchSemaphore(value: 0)
        categories.append([pending], to: category) { outcome in
            result.withLock { $0 = outcome }
            done.signal()
        }
        done.wait()
        do {
            if let ranges = try result.withLock({ $0 })?.get(), let range = ranges.last { end = range.end }
        } catch {
            throw ProcessorsError(log: error, "appending to \(category.name)", code: .appendFailed)
        }
    }

    /// nil for a record that somebody else put there.
    private static func origin(_ headers: [RecordHeader]) -> (String, Int, Int64)? {
        func text(_ name: String) -> String? {
            headers.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
        }
        guard let category = text(Header.category), let bucket = text(Header.bucket).flatMap({ Int($0) }),
            let offset = text(Header.offset).flatMap({ Int64($0) })
        else { return nil }
        return (category, bucket, offset)
    }
}
