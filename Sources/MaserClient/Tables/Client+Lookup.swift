internal import Bytes
internal import NIOCore
internal import RPC
internal import Records

extension Client {
    /// Several lookups, of one table or of several, in one request and as of one moment on the way:
    ///
    /// ```swift
    /// let (route, airport) = try await client.batch {
    ///     routes.lookup("EWR", "SFO", day)
    ///     airports.lookup("SFO")
    /// }
    /// ```
    public func batch<each Answer: Sendable>(
        timeout: Duration? = nil, @LookupBuilder _ lookups: () -> (repeat Lookup<each Answer>)
    ) async throws(ClientError) -> (repeat each Answer) {
        let lookups = lookups()
        var questions: [LookupQuestion] = []
        for lookup in repeat each lookups { questions.append(lookup.question) }
        let answers = try await ask(questions, deadline: deadline(timeout))
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
    func ask(_ questions: [LookupQuestion], deadline: NIODeadline) async throws(ClientError) -> [[Row?]] {
        var schemas: [TableSchema] = []
        for question in questions { schemas.append(try await schema(of: question.table, deadline: deadline)) }
        for _ in 0..<Self.schemaAttempts {
            var values: [[[Value]]] = []
            var encoded: [(table: String, keys: [[UInt8]])] = []
            for (question, schema) in zip(questions, schemas) {
                let (keyValues, keys) = try question.encoded(by: schema)
                values.append(keyValues)
                encoded.append((question.table, keys))
            }
            let response = try await call(.get, isIdempotent: true, deadline: deadline) { [encoded] writer in
                for (table, keys) in encoded { WireGetRequest.append(table: table, keys: keys, to: &writer) }
            }
            var stale: [Int] = []
            let rows = try read(response, questions, schemas, values, stale: &stale)
            if stale.isEmpty { return rows }
            for index in stale {
                schemas[index] = try await schema(
                    of: questions[index].table, replacing: schemas[index], deadline: deadline)
            }
        }
        throw Self.restless(questions.first?.table ?? "")
    }

    /// A table that is changed again and again while it is asked for is nobody's case.
    static var schemaAttempts: Int { 3 }

    static func restless(_ table: String) -> ClientError {
        ClientError(.unavailable, "the schema of table \(table) changes all the time", isRetriable: true)
    }

    /// `stale` gets the questions whose answer has another schema than was thought.
    private func read(
        _ response: ByteBuffer, _ questions: [LookupQuestion], _ schemas: [TableSchema], _ keys: [[[Value]]],
        stale: inout [Int]
    ) throws(ClientError) -> [[Row?]] {
        try response.reading { bytes throws(ClientError) in
            do {
                var all: [[Row?]] = []
                var tables = WireGetResponse.Reader(bytes)
                for index in questions.indices {
                    guard var table = try tables.next(), table.rowCount == keys[index].count else {
                        throw ClientError(.protocolViolation, "the server did not answer what it was asked for")
                    }
                    let schema = schemas[index]
                    guard schema.matches(id: table.tableID, revision: table.schemaRevision) else {
                        stale.append(index)
                        all.append([])
                        continue
                    }
                    var rows: [Row?] = []
                    rows.reserveCapacity(table.rowCount)
                    while let message = try table.nextRow() {
                        let key = keys[index][rows.count]
                        rows.append(try message.map { try schema.row(key: key, message: $0) })
                    }
                    all.append(rows)
                }
                return all
            } catch {
                throw ClientError(reading: error)
            }
        }
    }
}
