internal import RPC
internal import Records

extension Output {
    func record(_ record: WireStoredRecord, of bucket: UInt32, asJSON: Bool) {
        asJSON ? object(fields(of: record, bucket)) : line(text(of: record, bucket))
    }
}

private func text(of record: WireStoredRecord, _ bucket: UInt32) -> String {
    var parts = ["\(bucket):\(record.offset)", Timestamp.format(record.appendTime)]
    if record.hasKey { parts.append(HumanText.bytes([UInt8](record.key))) }
    parts.append(HumanText.bytes([UInt8](record.value)))
    parts += record.headers.map { "\(HumanText.printable($0.name))=\(HumanText.bytes([UInt8]($0.value)))" }
    return parts.joined(separator: "  ")
}

private func fields(of record: WireStoredRecord, _ bucket: UInt32) -> [(name: String, value: Value)] {
    var fields: [(name: String, value: Value)] = [
        ("bucket", .int64(Int64(bucket))), ("offset", .int64(record.offset)),
        ("append_time", .timestamp(record.appendTime)),
    ]
    fields.append(textOrBytes("key", record.hasKey ? [UInt8](record.key) : nil))
    fields.append(textOrBytes("value", [UInt8](record.value)))
    return fields + record.headers.map { textOrBytes("header_" + $0.name, [UInt8]($0.value)) }
}

/// Text as a string; what is no text as base64, under a name that says so.
private func textOrBytes(_ name: String, _ bytes: [UInt8]?) -> (name: String, value: Value) {
    guard let bytes else { return (name, .null) }
    if let text = String(validating: bytes, as: UTF8.self) { return (name, .string(text)) }
    return (name + "_base64", .bytes(bytes))
}
