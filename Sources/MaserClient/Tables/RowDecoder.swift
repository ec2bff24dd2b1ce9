internal import Records

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Makes a `Decodable` type out of a row: each of its properties is the column of the same name, a key column or another.
struct RowDecoder: Decoder {
    let row: Row
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func decode<T: Decodable>(_ type: T.Type, from row: Row) throws(ClientError) -> T {
        if let row = row as? T { return row }
        do {
            return try T(from: RowDecoder(row: row))
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(
                .decoding, "a row of table \(row.schema.name) is no \(T.self): \(reason(of: error))", cause: error)
        }
    }

    private static func reason(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "it has no column \(key.stringValue)"
        case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
            DecodingError.dataCorrupted(let context):
            context.debugDescription
        default: "\(error)"
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RowContainer<Key>(row: row))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.onlyKeyed }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Self.onlyKeyed }

    private static var onlyKeyed: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "a row is read by its columns' names"))
    }
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let row: Row
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { row.columnNames.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { row.schema.index(of: key.stringValue) != nil }

    private func content(_ key: Key) throws -> ColumnContent {
        guard let index = row.schema.index(of: key.stringValue) else {
            throw DecodingError.keyNotFound(key, .init(codingPath: [key], debugDescription: "there is no such column"))
        }
        return ColumnContent(row.values[index])
    }

    private func value<T: ColumnValue>(_ type: T.Type, _ key: Key) throws -> T {
        let content = try content(key)
        if let value = T(columnContent: content) { return value }
        if content == .null {
            throw DecodingError.valueNotFound(
                type,
                .init(codingPath: [key], debugDescription: "column \(key.stringValue) is NULL; make it an Optional"))
        }
        throw mismatch(type, key, content)
    }

    private func mismatch(_ type: Any.Type, _ key: Key, _ content: ColumnContent) -> DecodingError {
        .typeMismatch(
            type,
            .init(
                codingPath: [key],
                debugDescription: "column \(key.stringValue) is \(content.typeName) and cannot be read as \(type)"))
    }

    private func integer<T: FixedWidthInteger>(_ type: T.Type, _ key: Key) throws -> T {
        let value = try value(Int64.self, key)
        guard let result = T(exactly: value) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: [key], debugDescription: "column \(key.stringValue) is \(value), too large for \(type)")
            )
        }
        return result
    }

    func decodeNil(forKey key: Key) throws -> Bool { try content(key) == .null }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(type, key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(type, key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try value(type, key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try value(Double.self, key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try integer(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(type, key) }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        // Timestamp, Date, Data and [UInt8] would otherwise ask for a container of their own.
        if let type = type as? any ColumnValue.Type, let value = try value(type, key) as? T { return value }
        return try T(from: ContentDecoder(content: try content(key), codingPath: [key]))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw mismatch([String: Any].self, key, try content(key)) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw mismatch([Any].self, key, try content(key))
    }

    func superDecoder() throws -> any Decoder { RowDecoder(row: row) }
    func superDecoder(forKey key: Key) throws -> any Decoder {
        ContentDecoder(content: try content(key), codingPath: [key])
    }
}

/// One column for types that wrap a value: an enum with raw values, a name of its own for a string.
private struct ContentDecoder: Decoder, SingleValueDecodingContainer {
    let content: ColumnContent
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw mismatch(type)
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw mismatch([Any].self) }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    private func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(
            type, .init(codingPath: codingPath, debugDescription: "\(content.typeName) cannot be read as \(type)"))
    }

    private func value<T: ColumnValue>(_ type: T.Type) throws -> T {
        guard let value = T(columnContent: content) else { throw mismatch(type) }
        return value
    }

    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        guard let result = T(exactly: try value(Int64.self)) else { throw mismatch(type) }
        return result
    }

    func decodeNil() -> Bool { content == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try value(type) }
    func decode(_ type: String.Type) throws -> String { try value(type) }
    func decode(_ type: Double.Type) throws -> Double { try value(type) }
    func decode(_ type: Float.Type) throws -> Float { Float(try value(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let type = type as? any ColumnValue.Type, let value = try value(type) as? T { return value }
        return try T(from: self)
    }
}
