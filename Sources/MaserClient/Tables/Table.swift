internal import NIOCore
internal import RPC
internal import Records

/// A table whose rows are read as `Element`s: a `Decodable` type with properties named as columns, key columns
/// included, or `Row`.
///
/// ```swift
/// struct Route: Decodable { var origin: String; var dest: String; var flights: Int; var note: String? }
/// let routes = try await client.table("delay_by_route", as: Route.self)
/// if let route = try await routes.get("EWR", "SFO", day) { ... }
/// ```
///
/// Values of a key are given in the order of the table's key columns, with its panes' start last; a NULL is an `Optional` that
/// is nil.
public struct Table<Element: Decodable & Sendable>: Sendable {
    public let name: String
    let client: Client

    // MARK: Lookups

    /// The row with this key, or nil where there is none.
    public func get(_ key: any ColumnValue..., timeout: Duration? = nil) async throws(ClientError) -> Element? {
        try await get(keys: [key], timeout: timeout)[0]
    }

    /// The rows with these keys, in their order; nil where there is none. Any number: they are asked for in requests of a
    /// thousand.
    public func get(keys: [[any ColumnValue]], timeout: Duration? = nil) async throws(ClientError) -> [Element?] {
        let deadline = client.deadline(timeout)
        var elements: [Element?] = []
        elements.reserveCapacity(keys.count)
        var rest = keys[...]
        repeat {
            let question = LookupQuestion(
                table: name, keys: rest.prefix(Self.keysAtOnce).map { $0.map(\.columnContent) })
            rest = rest.dropFirst(Self.keysAtOnce)
            elements += try Self.read(try await client.ask([question], deadline: deadline)[0])
        } while !rest.isEmpty
        return elements
    }

    private static var keysAtOnce: Int { 1000 }

    /// A part of `Client.batch`: the row with this key.
    public func lookup(_ key: any ColumnValue...) -> Lookup<Element?> {
        Lookup(question: LookupQuestion(table: name, keys: [key.map(\.columnContent)])) { rows throws(ClientError) in
            try Self.read(rows)[0]
        }
    }

    /// A part of `Client.batch`: the rows with these keys, in their order.
    public func lookup(keys: [[any ColumnValue]]) -> Lookup<[Element?]> {
        Lookup(
            question: LookupQuestion(table: name, keys: keys.map { $0.map(\.columnContent) }),
            read: { rows throws(ClientError) in try Self.read(rows) })
    }

    private static func read(_ rows: [Row?]) throws(ClientError) -> [Element?] {
        var elements: [Element?] = []
        elements.reserveCapacity(rows.count)
        for row in rows {
            if let row { elements.append(try RowDecoder.decode(Element.self, from: row)) } else { elements.append(nil) }
        }
        return elements
    }

    // MARK: Ranges

    /// Rows in key order whose first key columns are `prefix`. `from`, inclusive, and `to`, exclusive, are values of the
    /// key columns that follow.
    ///
    /// ```swift
    /// for try await route in routes.scan("EWR", "SFO", from: [day], to: [nextDay]) { ... }
    /// ```
    public func scan(
        _ prefix: any ColumnValue..., from: [any ColumnValue]? = nil, to: [any ColumnValue]? = nil,
        reverse: Bool = false, limit: Int? = nil, timeout: Duration? = nil
    ) -> TableScan<Element> {
        TableScan(
            client: client, table: name, prefix: prefix.map(\.columnContent), from: from?.map(\.columnContent),
            to: to?.map(\.columnContent), reverse: reverse, limit: limit, timeout: timeout)
    }

    /// The panes of a key that start in a range, combined into one row; nil where there are none. The key is without its last
    /// column, the panes' start, and the row has none.
    public func fold(
        _ key: any ColumnValue..., from: Timestamp? = nil, to: Timestamp? = nil, timeout: Duration? = nil
    ) async throws(ClientError) -> Element? {
        let deadline = client.deadline(timeout)
        guard let row = try await client.fold(name, key.map(\.columnContent), from: from, to: to, deadline: deadline)
        else { return nil }
        return try RowDecoder.decode(Element.self, from: row)
    }
}
