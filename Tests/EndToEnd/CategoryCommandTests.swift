import Foundation
import Testing

/// `maser categories`, and what categories do by their settings.
@Suite(.serialized) struct CategoryCommandTests {
    private static let app = """
        CREATE APPLICATION visits OPTIONS (checkpoint = '20 ms');
        CREATE CATEGORY visits BUCKETS 2 FORMAT JSON RETAIN 7 DAYS, 1 GIB
            OPTIONS (quota = '1 KIB', acknowledge = 'written', compression = 'lz4');
        CREATE CATEGORY others;
        CREATE INPUT TABLE visits (page STRING) FROM CATEGORY 'visits';
        CREATE TABLE by_page AS SELECT page, COUNT(*) AS n FROM visits GROUP BY page;
        """

    private struct Answer: Decodable {
        struct Reader: Decodable {
            var name: String
            var positions: [Int64]
            var lagRecords: Int64
        }

        var name: String
        var bytes: Int64
        var startOffsets: [Int64]
        var endOffsets: [Int64]
        var acknowledgement: String
        var compression: String
        var retainedMicroseconds: Int64
        var retainedBytes: Int64
        var quotaBytesPerSecond: Int64
        var refusedAppends: UInt64
        var duplicateAppends: UInt64
        var readers: [Reader]
    }

    @Test func categoriesAreListedWithTheirReadersAndQuotasHold() throws {
        let server = try ServerProcess()
        try server.start()
        let file = try server.folder.write("visits.sql", Self.app)
        let deployed = try server.maser(["deploy", file])
        #expect(deployed.exitCode == 0, "\(deployed.errors)")
        // Twice what one second allows: the second append is refused at first, and waits.
        let line = #"{"page": "\#(String(repeating: "p", count: 1100))"}"# + "\n"
        for _ in 0..<2 {
            let appended = try server.maser(["append", "visits"], input: line)
            #expect(appended.exitCode == 0, "\(appended.errors)")
        }
        try server.waitUntilApplied()

        let listed = try server.maser(["categories", "--json"])
        #expect(listed.exitCode == 0, "\(listed.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let answers = try listed.lines.map { try decoder.decode(Answer.self, from: Data($0.utf8)) }
        #expect(answers.map(\.name).contains("others"))
        let visits = try #require(answers.first { $0.name == "visits" })
        #expect(visits.endOffsets.reduce(0, +) == 2)
        #expect(visits.startOffsets == [0, 0])
        #expect(visits.bytes > 0)
        #expect(visits.acknowledgement == "written")
        #expect(visits.compression == "lz4")
        #expect(visits.retainedMicroseconds == 7 * 86_400_000_000)
        #expect(visits.retainedBytes == 1 << 30)
        #expect(visits.quotaBytesPerSecond == 1024)
        #expect(visits.refusedAppends > 0)
        #expect(visits.duplicateAppends == 0)
        #expect(visits.readers.map(\.name) == ["visits"])
        #expect(visits.readers.map(\.positions) == [visits.endOffsets])
        #expect(visits.readers.map(\.lagRecords) == [0])

        let table = try server.maser(["categories"])
        #expect(table.exitCode == 0 && table.lines.contains { $0.hasPrefix("visits ") && $0.hasSuffix("visits 0") })
        let one = try server.maser(["categories", "Visits"])
        #expect(one.exitCode == 0 && one.lines.contains { $0.hasPrefix("quota ") && $0.hasSuffix("1.0 KiB a second") })
        let none = try server.maser(["categories", "nothing"])
        #expect(none.exitCode == 1 && none.errors.contains("there is no category nothing"))
    }

    @Test func aNamedProducerTakesThePlaceOfTheOneBefore() throws {
        let server = try ServerProcess()
        try server.start()
        let file = try server.folder.write("notes.sql", "CREATE CATEGORY notes BUCKETS 1;")
        let deployed = try server.maser(["deploy", file])
        #expect(deployed.exitCode == 0, "\(deployed.errors)")
        for text in ["a\nb\n", "c\n"] {
            let appended = try server.maser(["append", "notes", "--producer", "importer"], input: text)
            #expect(appended.exitCode == 0, "\(appended.errors)")
        }
        let tail = try server.maser(["tail", "notes", "--json", "--skip-corrupted"])
        #expect(tail.lines.count == 3, "\(tail.errors)")
    }
}
