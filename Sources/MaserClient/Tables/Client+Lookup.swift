internal import Bytes
internal import NIOCore
internal import RPC
internal import Records

extension Client {
    /// Several lookups, of one table or of several, in one request:
    ///
    /// ```swift
    /// let (route, airport) = try await client.batch {
    ///     routes.lookup("EWR", "SFO", day)
    ///     airports.lookup("SFO")
    /// }
    /// ```
    ///
    /// `options` hold for all of them; but which version and which columns are read is said table by table (`Table.with(_:)`). They
    /// are 10,000 keys at most.
    public func batch<each Value: Sendable>(
        options: ReadOptions = ReadOptions(), @LookupBuilder _ lookups: () -> (repeat Lookup<each Value>)
    ) async throws(ClientError) -> (repeat each Value) {
        let lookups = lookups()
        var questions: [LookupQuestion] = []
        for lookup in repeat each lookups { questions.append(lookup.question) }
        let answers = try await ask(questions, options, callOptions(options))
        do {
            var index = 0
            func next<A>(_ lookup: Lookup<A>) throws -> A {
                defer { index += 1 }
                return try lookup.read(answers[index])
            }
            return (repeat try next(each lookups))
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(.decoding, "\(error)", cause: error)
        }
    }

    /// The rows of each question, in the order of its keys.
    func ask(
        _ questions: [LookupQuestion], _ options: ReadOptions, _ call: CallOptions
    ) async throws(ClientError) -> [Answer<[Row?]>] {
        let contract = options.contract(wantsFreshness: questions.contains { $0.wantsFreshness })
        var schemas: [TableSchema] = []
        for question in questions { schemas.append(try await schema(of: question.table, deadline: call.deadline)) }
        for _ in 0..<Self.schemaAttempts {
            var encoded: [EncodedQuestion] = []
            for (question, schema) in zip(questions, schemas) { encoded.append(try question.encoded(by: schema)) }
            let response = try await self.call(.get, call) { [encoded] writer in
                for question in encoded {
                    WireGetRequest.append(
                        table: question.table, keys: question.keys, version: question.reading.version,
                        columns: question.reading.columns, to: &writer)
                }
                WireGetRequest.append(contract: contract, to: &writer)
            }
            var outdated: [Int] = []
            let answers = try read(response, encoded, outdated: &outdated)
            if outdated.isEmpty { return answers }
            for index in outdated {
                schemas[index] = try await schema(
                    of: questions[index].table, replacing: schemas[index], deadline: call.deadline)
            }
        }
        throw Self.restless(questions.first?.table ?? "")
    }

    /// A table that is changed again and again while it is asked for is nobody's case.
    static var schemaAttempts: Int { 3 }

    static func restless(_ table: String) -> ClientError {
        ClientError(.unavailable, "the schema of table \(table) changes all the time", isRetriable: true)
    }

    /// `outdated` gets the questions whose answer has another schema than was thought.
    private func read(
        _ response: ByteBuffer, _ questions: [EncodedQuestion], outdated: inout [Int]
    ) throws(ClientError) -> [Answer<[Row?]>] {
        try response.reading { bytes throws(ClientError) in
            do {
                var answers: [Answer<[Row?]>] = []
                var tables = WireGetResponse.Reader(bytes)
                for (index, question) in questions.enumerated() {
                    guard var table = try tables.next(), table.rowCount == question.keys.count else {
                        throw ClientError(.protocolViolation, "the server did not answer what it was asked for")
                    }
                    let schema = question.projection.schema
                    var rows: [Row?] = []
                    if schema.matches(id: table.tableID, revision: table.schemaRevision) {
                        rows.reserveCapacity(table.rowCount)
                        while let message = try table.nextRow() {
                            let key = question.values[rows.count]
                            rows.append(try message.map { try schema.row(key: key, message: $0) })
                        }
                    } else {
                        outdated.append(index)
                    }
                    answers.append(Answer(value: rows, freshness: table.freshness, version: table.version))
                }
                return answers
            } catch {
                throw ClientError(reading: error)
            }
        }
    }
}

extension Answer {
    /// As the wire has it.
    init(value: Value, freshness: Int64?, version: UInt32) {
        self.init(value: value, freshness: freshness.map { Timestamp(microseconds: $0) }, version: version)
    }
}
