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
    /// What its reads ask for unless they say otherwise.
    public var options = ReadOptions()

    /// The same table, all of whose reads have these options unless they have some of their own.
    public func with(_ options: ReadOptions) -> Table {
        var table = self
        table.options = options
        return table
    }

    // MARK: Lookups

    /// The row with this key, or nil where there is none.
    public func get(
        _ key: any ColumnValue..., options: ReadOptions? = nil
    ) async throws(ClientError) -> Element? {
        let question = question([key], options ?? self.options)
        return try Self.one(try await ask(question, options ?? self.options)).value
    }

    /// The same, with how fresh the answer is and the version that it is from.
    public func getWithFreshness(
        _ key: any ColumnValue..., options: ReadOptions? = nil
    ) async throws(ClientError) -> Answer<Element?> {
        let question = question([key], options ?? self.options, wantsFreshness: true)
        return try Self.one(try await ask(question, options ?? self.options))
    }

    /// The rows with these keys, in their order; nil where there is none. Any number: they are asked for in requests of a
    /// thousand, which may see different moments.
    public func get(
        keys: [[any ColumnValue]], options: ReadOptions? = nil
    ) async throws(ClientError) -> [Element?] {
        try await get(question(keys, options ?? self.options), options ?? self.options).value
    }

    /// The same, all of one version, with the freshness of what is least fresh.
    public func getWithFreshness(
        keys: [[any ColumnValue]], options: ReadOptions? = nil
    ) async throws(ClientError) -> Answer<[Element?]> {
        try await get(
            question(keys, options ?? self.options, wantsFreshness: true), options ?? self.options)
    }

    private func question(
        _ keys: [[any ColumnValue]], _ options: ReadOptions, wantsFreshness: Bool = false
    ) -> LookupQuestion {
        LookupQuestion(
            table: name, keys: keys.map { $0.map(\.columnContent) }, version: options.version, columns: options.columns,
            wantsFreshness: wantsFreshness)
    }

    private func ask(
        _ question: LookupQuestion, _ options: ReadOptions
    ) async throws(ClientError) -> Answer<[Row?]> {
        try await client.ask([question], options, client.callOptions(options))[0]
    }

    private func get(
        _ question: LookupQuestion, _ options: ReadOptions
    ) async throws(ClientError) -> Answer<[Element?]> {
        let call = client.callOptions(options)
        var elements: [Element?] = []
        elements.reserveCapacity(question.keys.count)
        var (freshness, version) = (Timestamp?.none, UInt32(0))
        var part = question
        var rest = question.keys[...]
        repeat {
            part.keys = Array(rest.prefix(Self.keysAtOnce))
            rest = rest.dropFirst(Self.keysAtOnce)
            let answer = try await client.ask([part], options, call)[0]
            elements += try Self.read(answer.value)
            freshness = [freshness, answer.freshness].compactMap(\.self).min()
            version = answer.version
            if question.wantsFreshness && version != 0 { part.version = version }
        } while !rest.isEmpty
        return Answer(value: elements, freshness: freshness, version: version)
    }

    private static var keysAtOnce: Int { 1000 }

    /// A part of `Client.batch`: the row with this key.
    public func lookup(_ key: any ColumnValue...) -> Lookup<Element?> {
        Lookup(question: question([key], options)) { rows throws(ClientError) in try Self.one(rows).value }
    }

    /// A part of `Client.batch`: the rows with these keys, in their order.
    public func lookup(keys: [[any ColumnValue]]) -> Lookup<[Element?]> {
        Lookup(question: question(keys, options)) { rows throws(ClientError) in try Self.read(rows.value) }
    }

    private static func one(_ rows: Answer<[Row?]>) throws(ClientError) -> Answer<Element?> {
        try rows.map { rows throws(ClientError) in try read(rows)[0] }
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
        reverse: Bool = false, limit: Int? = nil, options: ReadOptions? = nil
    ) -> TableScan<Element> {
        TableScan(
            client: client, table: name, prefix: prefix.map(\.columnContent), from: from?.map(\.columnContent),
            to: to?.map(\.columnContent), reverse: reverse, limit: limit, options: options ?? self.options)
    }

    /// The panes of a key that start in a range, combined into one row; nil where there are none. The key is without its last
    /// column, the panes' start, and the row has none.
    public func fold(
        _ key: any ColumnValue..., from: Timestamp? = nil, to: Timestamp? = nil, options: ReadOptions? = nil
    ) async throws(ClientError) -> Element? {
        let key = key.map(\.columnContent)
        return try Self.one(try await client.fold(name, key, from: from, to: to, options ?? self.options)).value
    }

    /// The same, with how fresh the answer is and the version that it is from.
    public func foldWithFreshness(
        _ key: any ColumnValue..., from: Timestamp? = nil, to: Timestamp? = nil, options: ReadOptions? = nil
    ) async throws(ClientError) -> Answer<Element?> {
        let key = key.map(\.columnContent)
        return try Self.one(
            try await client.fold(name, key, from: from, to: to, options ?? self.options, wantsFreshness: true))
    }

    private static func one(_ row: Answer<Row?>) throws(ClientError) -> Answer<Element?> {
        try row.map { row throws(ClientError) in
            guard let row else { return nil }
            return try RowDecoder.decode(Element.self, from: row)
        }
    }
}
