import Bytes
import NIOCore
import NIOEmbedded
import RPC
import Records
import Testing

@testable import Server

@Suite("Gets of a burst, looked up together", .serialized)
struct LookupBurstTests {
    typealias Fixture = ControlPlaneTests.Fixture

    private static let others = "CREATE TABLE others (name STRING, size INT64) PRIMARY KEY (name);"

    /// 3000 planes, of which the year is the number, and a table with one row.
    private func served(_ body: (ServedConnection) async throws -> Void) async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(LoadTests.planes + Self.others)
        let planes = (0..<3000).reduce(into: "tailnum,year,built\n") { $0 += "N\($1),\($1),\($1)\n" }
        _ = try fixture.load(try fixture.build(csv: planes, for: "planes"))
        _ = try fixture.load(try fixture.build(csv: "name,size\nx,1\n", for: "others"))
        let connection = try await ServedConnection(fixture.engine)
        try await body(connection)
        try await connection.close()
    }

    /// What a get of a plane by itself answers.
    private func row(_ connection: ServedConnection, _ key: String) async throws -> [UInt8]? {
        try await connection.send(getFrame(1 << 40, "planes", [key]))
        return try #require(try await connection.answers(1).first).rows()[0][0]
    }

    @Test("single keys and batches of one table come back in the order of their frames, each with its own rows")
    func order() async throws {
        try await served { connection in
            let expected = [try await row(connection, "N1"), try await row(connection, "N2"), nil]
            #expect(expected[0] != nil && expected[0] != expected[1])
            var bytes: [UInt8] = []
            for id in UInt64(1)...40 {
                switch id % 4 {
                case 0: bytes += try getFrame(id, "planes", ["N1"])
                case 1: bytes += try getFrame(id, "PLANES", ["N2", "none", "N1", "N1"])
                case 2: bytes += try getFrame(id, "others", ["x", "N1"])
                default: bytes += try getFrame(id, "planes", [])
                }
            }
            try await connection.send(bytes)
            let answers = try await connection.answers(40)
            #expect(answers.map(\.id) == [UInt64](1...40))
            #expect(answers.allSatisfy { $0.status == 0 })
            for answer in answers {
                let rows = try answer.rows()
                #expect(rows.count == 1)
                switch answer.id % 4 {
                case 0: #expect(rows[0] == [expected[0]])
                case 1: #expect(rows[0] == [expected[1], nil, expected[0], expected[0]])
                case 2: #expect(rows[0].map { $0 != nil } == [true, false])
                default: #expect(rows[0].isEmpty)
                }
            }
        }
    }

    @Test("several tables in one request come back in its order")
    func severalTables() async throws {
        try await served { connection in
            let plane = try await row(connection, "N7")
            try await connection.send(
                requestFrame(.get, 1) { writer in
                    WireGetRequest.append(table: "others", keys: [key("none")], to: &writer)
                    WireGetRequest.append(table: "planes", keys: [key("N7"), key("none")], to: &writer)
                    WireGetRequest.append(table: "planes", keys: [key("N7")], to: &writer)
                } + getFrame(2, "planes", ["N7"]))
            let answers = try await connection.answers(2)
            #expect(try answers.map { try $0.rows() } == [[[nil], [plane, nil], [plane]], [[plane]]])
        }
    }

    @Test("a key, a table or a message that is wrong fails its own request and no other")
    func wrongOnesAmongGood() async throws {
        try await served { connection in
            let plane = try await row(connection, "N7")
            var bytes = try getFrame(1, "planes", ["N7"])
            bytes += requestFrame(.get, 2) { WireGetRequest.append(table: "planes", keys: [[0xff, 1]], to: &$0) }
            bytes += try getFrame(3, "nowhere", ["N7"])
            bytes += requestFrame(.get, 4) { $0.append(contentsOf: [0x0a, 0x7f]) }
            bytes += try getFrame(5, "planes", ["N7", "N7"])
            bytes += requestFrame(.ping, 6)
            bytes += try getFrame(7, "planes", ["N7"])
            try await connection.send(bytes)
            let answers = try await connection.answers(7)
            #expect(answers.map(\.id) == [1, 2, 3, 4, 5, 6, 7])
            #expect(
                answers.map(\.status) == [
                    0, ErrorCode.invalidArgument.rawValue, ErrorCode.notFound.rawValue,
                    ErrorCode.malformedMessage.rawValue, 0, 0, 0,
                ])
            #expect(try answers[0].rows() == [[plane]] && answers[4].rows() == [[plane, plane]])
            #expect(answers[5].message.isEmpty)
        }
    }

    @Test("gets of several connections in one turn are answered together, each on its own, whatever the others ask for")
    func severalConnections() async throws {
        try await served { first in
            let (seven, eight) = (try await row(first, "N7"), try await row(first, "N8"))
            let second = try await ServedConnection(first.engine, beside: first)
            let third = try await ServedConnection(first.engine, beside: first)
            for wrong in [false, true] {
                try await first.sendInTurn(getFrame(1, "planes", ["N7"]) + getFrame(2, "planes", ["N8"]))
                try await second.sendInTurn(
                    wrong
                        ? requestFrame(.get, 1) { WireGetRequest.append(table: "planes", keys: [[0xff, 1]], to: &$0) }
                        : getFrame(1, "others", ["x"]))
                // More than is read on the loop, and others are not to wait with them.
                try await third.sendInTurn(getFrame(1, "planes", (0..<2000).map { "N\(2 * $0 + (wrong ? 1 : 0))" }))
                try await first.sendInTurn(getFrame(3, "Planes", ["N8", "none"]))
                await first.endTurn()
                let answers = try await first.answers(3)
                #expect(answers.map(\.id) == [1, 2, 3])
                #expect(try answers.map { try $0.rows() } == [[[seven]], [[eight]], [[eight, nil]]])
                let other = try #require(try await second.answers(1).first)
                #expect(other.status == (wrong ? ErrorCode.invalidArgument.rawValue : 0))
                let many = try #require(try await third.answers(1).first)
                #expect(try many.rows()[0].count { $0 != nil } == 1500)
            }
            _ = try? await second.channel.finish()
            _ = try? await third.channel.finish()
        }
    }

    @Test("gets that are answered one by one leave nothing behind for those that are answered together")
    func notPlain() async throws {
        try await served { connection in
            let plane = try await row(connection, "N7")
            for id in UInt64(1)...100 {
                try await connection.send(
                    requestFrame(.get, id) { writer in
                        WireGetRequest.append(table: "others", keys: [key("x")], to: &writer)
                        WireGetRequest.append(table: "planes", keys: [key("N7")], columns: [1], to: &writer)
                    })
                #expect(try await connection.answers(1).map(\.status) == [0])
            }
            #expect(try await connection.openGroupCount == 0)
            try await connection.send(getFrame(101, "planes", ["N7"]))
            #expect(try await connection.answers(1).first?.rows() == [[plane]])
        }
    }

    @Test(
        "more keys than the loop reads from the store at once are read elsewhere, and scans are, with the same answers")
    func elsewhere() async throws {
        try await served { connection in
            let keys = (0..<2000).map { "N\(2 * $0)" }
            try await connection.send(
                getFrame(1, "planes", keys)
                    + requestFrame(.scan, 2) { writer in
                        WireScanRequest.append(table: "planes", into: &writer)
                    })
            let answers = try await connection.answers(2).sorted { $0.id < $1.id }
            #expect(answers.map(\.status) == [0, 0])
            let rows = try answers[0].rows()[0]
            #expect(rows.count == 2000 && rows.count { $0 != nil } == 1500)
            #expect(try await row(connection, "N42") == rows[21])
        }
    }

    @Test("keys beyond the limit of a request are refused, however many requests they come in")
    func keyLimit() async throws {
        try await served { connection in
            let keys = [String](repeating: "N1", count: LookupHandler.keysPerRequest)
            try await connection.send(getFrame(1, "planes", keys) + getFrame(2, "planes", keys + ["N1"]))
            let answers = try await connection.answers(2).sorted { $0.id < $1.id }
            #expect(answers.map(\.status) == [0, ErrorCode.invalidArgument.rawValue])
            #expect(try answers[0].rows()[0].count == LookupHandler.keysPerRequest)
        }
    }

    private func key(_ text: String) -> [UInt8] {
        var writer = ByteWriter()
        try? writer.append(tuple: .string(text))
        return writer.bytes
    }
}
