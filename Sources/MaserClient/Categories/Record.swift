internal import Bytes
internal import RPC

/// A record to append.
public struct Record: Hashable, Sendable {
    public var key: [UInt8]?
    public var value: [UInt8]
    public var headers: [RecordHeader]
    /// The bucket to append to; nil lets the server choose: by the key's hash, else by what the category is bucketed by, else in
    /// turn.
    public var bucket: Int?

    public init(key: [UInt8]? = nil, value: [UInt8], headers: [RecordHeader] = [], bucket: Int? = nil) {
        self.key = key
        self.value = value
        self.headers = headers
        self.bucket = bucket
    }

    public init(key: String? = nil, value: String, headers: [RecordHeader] = [], bucket: Int? = nil) {
        self.init(key: key.map { [UInt8]($0.utf8) }, value: [UInt8](value.utf8), headers: headers, bucket: bucket)
    }

    func append(to writer: inout ByteWriter) {
        if key == nil && bucket == nil && headers.isEmpty {
            return value.withUnsafeBytes { WireAppendRequest.append(value: $0, to: &writer) }
        }
        let bucket = bucket.map { UInt32(clamping: $0) }
        value.withUnsafeBytes { value in
            guard let key else {
                return WireAppendRequest.append(
                    key: nil, value: value, bucket: bucket, to: &writer, headers: appendHeaders)
            }
            key.withUnsafeBytes {
                WireAppendRequest.append(key: $0, value: value, bucket: bucket, to: &writer, headers: appendHeaders)
            }
        }
    }

    private func appendHeaders(to writer: inout ByteWriter) {
        for header in headers {
            [UInt8](header.name.utf8).withUnsafeBytes { name in
                header.value.withUnsafeBytes { WireHeader.append(toAppend: name, value: $0, to: &writer) }
            }
        }
    }
}

/// A name and bytes that travel with a record.
public struct RecordHeader: Hashable, Sendable {
    public var name: String
    public var value: [UInt8]

    public init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A record as it stands in a bucket.
public struct StoredRecord: Hashable, Sendable {
    public let bucket: Int
    public let offset: Int64
    /// When the server took it.
    public let appendTime: Timestamp
    public let key: [UInt8]?
    public let value: [UInt8]
    public let headers: [RecordHeader]
}

extension StoredRecord {
    init(_ view: WireStoredRecord.View, bucket: Int) throws(BytesError) {
        var headers: [RecordHeader] = []
        var reader = view.headers
        while let header = try reader.next() {
            headers.append(RecordHeader(name: try text(header.name), value: [UInt8](header.value)))
        }
        self.init(
            bucket: bucket, offset: view.offset, appendTime: Timestamp(microseconds: view.appendTime),
            key: view.key.map { [UInt8]($0) }, value: [UInt8](view.value), headers: headers)
    }
}
