import Bytes
import Foundation
import MaserClient
import RPC
import Records
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Contracts on requests, against a real server: through the command line, and by many readers at once.
@Suite(.serialized) struct ContractTests {
    private static let app = """
        CREATE APPLICATION counts OPTIONS (checkpoint = '1 ms');
        CREATE CATEGORY words BUCKETS 4 BY word FORMAT JSON;
        CREATE INPUT TABLE words (word STRING, length INT64) FROM CATEGORY 'words';
        CREATE TABLE by_word AS
        SELECT word, COUNT(*) AS n, SUM(length) AS total, AVG(length) AS mean FROM words GROUP BY word;
        CREATE TABLE names (name STRING, origin STRING) PRIMARY KEY (name);
        """

    private func deployed(_ flags: [String] = []) throws -> ServerProcess {
        let server = try ServerProcess()
        server.flags = flags
        try server.start()
        let file = try server.folder.write("counts.sql", Self.app)
        let outcome = try server.maser(["deploy", file])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return server
    }

    private func key(_ word: String) throws -> [UInt8] {
        var writer = ByteWriter()
        try writer.append(tuple: .string(word))
        return writer.bytes
    }

    @Test func whoWaitsForItsAppendAlwaysReadsIt() async throws {
        let server = try deployed()
        let client = try await Client.connect(server.configuration)
        let layout = RowLayout(columns: [(number: 1, name: "n", type: .int64)])
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<16 {
                group.addTask {
                    do {
                        let key = try self.key("w\(writer)")
                        for round in 1...60 as ClosedRange<Int64> {
                            let ends = try await client.append(
                                [Array(#"{"word": "w\#(writer)", "length": 2}"#.utf8)], to: "words")
                            let contract = ReadContract(
                                positions: ends.map { .init(category: "words", bucket: $0.bucket, offset: $0.offset) })
                            let answer = try await client.get(
                                "by_word", keys: [key], EncodedReading(columns: [1], contract: contract))
                            let values = try answer.value[0]?.withUnsafeBytes { try layout.decode($0) }
                            #expect(values == [.int64(round)], "writer \(writer)")
                        }
                    } catch {
                        Issue.record("writer \(writer): \(error)")
                    }
                }
            }
        }
        client.close()
    }

    @Test func theCommandLineAsksForAllOfIt() throws {
        let server = try deployed()
        let appended = try server.maser(
            ["append", "words", "--json"],
            input: #"{"word": "a", "length": 3}"# + "\n" + #"{"word": "bc", "length": 4}"#)
        let positions = try #require(appended.lines.last)
        let row = try server.maser(["get", "by_word", "a", "--wait-for", positions, "--json", "--freshness"])
        #expect(row.exitCode == 0, "\(row.errors)")
        #expect(row.lines.first == #"{"word":"a","n":1,"total":3,"mean":3.0}"#, "\(row.output)")
        #expect(
            row.lines.last?.hasPrefix(#"{"freshness":"2"#) == true
                && row.lines.last?.hasSuffix(#""version":1}"#) == true)
        let some = try server.maser(["get", "by_word", "a", "bc", "--columns", "mean,n", "--json"])
        #expect(
            some.lines == [#"{"word":"a","mean":3.0,"n":1}"#, #"{"word":"bc","mean":4.0,"n":1}"#],
            "\(some.output)\(some.errors)")
        let scanned = try server.maser(["scan", "by_word", "--columns", "n", "--max-staleness", "1h", "--freshness"])
        #expect(scanned.output.contains("fresh as of ") && scanned.output.contains("version 1"), "\(scanned.output)")
        let raw = try server.maser(["scan", "by_word", "--raw", "--json", "--version", "1"])
        #expect(raw.exitCode == 0 && raw.lines.count == 2, "\(raw.output)\(raw.errors)")
        #expect(raw.lines.first?.hasPrefix(#"{"word":"a","#) == true && !raw.output.contains("mean"), "\(raw.output)")

        func line(_ arguments: String...) throws -> String {
            let outcome = try server.maser(arguments)
            #expect(outcome.exitCode != 0)
            #expect(outcome.errors.split(separator: "\n").count == 1 || outcome.exitCode == 2, "\(outcome.errors)")
            return outcome.errors
        }
        #expect(try line("get", "by_word", "a", "--version", "9").contains("no version 9 of table by_word; there is 1"))
        #expect(try line("get", "by_word", "a", "--columns", "size").contains("there are n, total, mean"))
        #expect(try line("get", "by_word", "a", "--columns", "word").contains("key column"))
        #expect(try line("get", "by_word", "a", "--wait-for", "words").contains("CATEGORY:BUCKET:OFFSET"))
        #expect(try line("get", "names", "a", "--wait-for", "words:0:1").contains("names is filled by loads"))
        #expect(try line("get", "names", "a", "--max-staleness", "1h").contains("nothing was loaded"))
        #expect(try line("get", "by_word", "a", "--wait-for", "words:0:999").contains("is to be waited for until 999"))
        #expect(try server.maser(["stop", "counts"]).exitCode == 0)
        #expect(try server.maser(["append", "words"], input: #"{"word": "a", "length": 3}"#).exitCode == 0)
        #expect(try line("get", "by_word", "a", "--max-staleness", "0ms").contains("the request takes at most 0 ms"))
    }

    @Test func aServerIsNotReadyWhileATableIsBehindItsLimit() async throws {
        let server = try deployed(["--max-lag", "200ms"])
        #expect(try await ready(server).status == 200)
        _ = try server.maser(["append", "words"], input: #"{"word": "a", "length": 3}"#)
        try server.waitUntilApplied()
        server.kill(SIGTERM)
        server.flags = ["--max-lag", "one week"]
        #expect(throws: ServerProcess.DidNotStart.self) { try server.start() }
        #expect(server.log.contains("max-lag is \"one week\""), "\(server.log)")
    }

    private func ready(_ server: ServerProcess) async throws -> (status: Int, text: String) {
        let line = try server.waitForLine(containing: "operations")
        let port = try #require(line.split(whereSeparator: { ":/ ".contains($0) }).compactMap { Int($0) }.last)
        let (data, response) = try await URLSession.shared.data(
            from: try #require(URL(string: "http://127.0.0.1:\(port)/readyz")))
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}
