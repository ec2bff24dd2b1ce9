import Foundation
import MaserClientSnippets
import Testing

@testable import MaserClient

/// The code that a reader is shown is code that was compiled, by a target that sees nothing but what is public, and run.
@Suite("The client's documentation")
struct DocumentationTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private static func files(in folder: String, _ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(repository)/\(folder)")
            .filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }.sorted()
    }

    private static func lines(of file: String) throws -> [String] {
        try String(contentsOfFile: "\(repository)/\(file)", encoding: .utf8).components(separatedBy: "\n")
    }

    private static let catalog = "Sources/MaserClient/MaserClient.docc"

    /// Each block of Swift, without the fences.
    private static func blocks(of page: String) throws -> [[String]] {
        var blocks: [[String]] = []
        var block: [String]?
        for line in try lines(of: page) {
            if line == "```swift" {
                block = []
            } else if line == "```", let whole = block {
                blocks.append(whole)
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }

    /// Without the spaces that the first line begins with.
    private static func outdented(_ lines: some Collection<String>) -> [String] {
        let indentation = lines.first.map { $0.prefix { $0 == " " }.count } ?? 0
        return lines.map { String($0.dropFirst(min(indentation, $0.prefix { $0 == " " }.count))) }
    }

    private static func isCompiled(_ block: [String], in code: [[String]]) -> Bool {
        let wanted = outdented(block)
        return code.contains { lines in
            lines.indices.contains { start in
                start + wanted.count <= lines.count && outdented(lines[start..<start + wanted.count]) == wanted
            }
        }
    }

    @Test("all Swift on the pages of the catalog and in the README is compiled, word for word")
    func code() throws {
        let code = try Self.files(in: "Tests/MaserClientSnippets", ".swift").map(Self.lines)
        let pages = try Self.files(in: Self.catalog, ".md") + ["README.md"]
        var count = 0
        for page in pages {
            for block in try Self.blocks(of: page) {
                count += 1
                #expect(
                    Self.isCompiled(block, in: code),
                    "\(page) shows code that stands in no file of Tests/MaserClientSnippets:\n\(block.joined(separator: "\n"))"
                )
            }
        }
        #expect(count > 10)
        #expect(!Self.isCompiled(["let route = 1"], in: code))
    }

    @Test("pages are found where others refer to them, and all from the first one")
    func pages() throws {
        let names = try Self.files(in: Self.catalog, ".md").map {
            URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent
        }
        let link = /<doc:(\w+)>/
        for name in names {
            let text = try Self.lines(of: "\(Self.catalog)/\(name).md").joined(separator: "\n")
            let linked = Set(text.matches(of: link).map { String($0.output.1) })
            #expect(linked.isSubset(of: names), "\(name)")
            if name == "MaserClient" { #expect(linked == Set(names).subtracting([name])) }
        }
    }

    @Test("every public type is on the first page, and no page names one that is not there")
    func symbols() throws {
        let folder = URL(fileURLWithPath: "\(Self.repository)/Sources/MaserClient").resolvingSymlinksInPath().path
        let declaration = /(?m)^public (?:struct|enum|final class|protocol) (\w+)/
        var types: Set<String> = []
        for case let file as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
            guard file.hasSuffix(".swift") else { continue }
            let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            types.formUnion(text.matches(of: declaration).map { String($0.output.1) })
        }
        #expect(types.count > 20)
        for page in try Self.files(in: Self.catalog, ".md") {
            let text = try Self.lines(of: page).joined(separator: "\n")
            let named = Set(text.matches(of: /``([A-Z]\w*)/).map { String($0.output.1) })
            #expect(named.isSubset(of: types.union(["MaserClient"])), "\(page)")
            if page.hasSuffix("/MaserClient.md") { #expect(types.isSubset(of: named), "\(types.subtracting(named))") }
        }
    }

    @Test("the tutorial does what it says")
    func tutorial() async throws {
        let day = Timestamp(microseconds: 1_372_896_000_000_000)
        let nextDay = Timestamp(microseconds: day.microseconds + 86_400_000_000)
        let server = try await FakeServer.start()
        try server.put("EWR", "SFO", day.microseconds, 14)
        try server.put("EWR", "SFO", nextDay.microseconds, 3)
        try server.put("SFO", "San Francisco Intl")
        let client = try await server.client()
        let outcome = try await firstSteps(client, day: day, nextDay: nextDay)
        #expect((outcome.flights, outcome.scanned) == (14, 14))
        #expect(outcome.airport == "San Francisco Intl")
        // The server of these tests counts panes instead of combining them.
        #expect(outcome.total == 2)
        #expect(outcome.columns == ["origin", "dest", "window_start", "flights"])
        let fresh = try await freshness(client, day: day)
        #expect((fresh.seen, fresh.version, fresh.rows) == (true, 3, 2))
        #expect(try await failures(client, day: day) == "there is no table \"delay_by_rout\"")
        client.close()
        await server.stop()
    }
}
