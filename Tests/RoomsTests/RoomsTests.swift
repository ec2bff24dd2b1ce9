import Foundation
import Testing

@Suite("Maser's own tree")
struct RoomsTests {
    let tree: SourceTree

    init() throws {
        let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        tree = try SourceTree(readingFrom: top)
        // A tree that was not found would pass every check.
        try #require(tree.files["Sources/Bytes/ByteReader.swift"]?.isEmpty == false)
    }

    @Test("every import is one that the table of rooms allows")
    func imports() { #expect(checkImports(tree, .maser) == []) }

    @Test("only the room that wraps a C module imports it")
    func wrappers() { #expect(checkWrappers(tree, .maser) == []) }

    @Test("every folder of Sources is in the table of rooms")
    func folders() { #expect(checkFolders(tree, .maser) == []) }

    @Test("the rooms form a graph without circles")
    func graph() { #expect(checkGraph(tree, .maser) == []) }

    @Test("whatever opts out of data race checks says why on the next line")
    func reasons() { #expect(checkReasons(tree) == []) }

    @Test("no file that a person wrote is over 400 lines")
    func lengths() { #expect(checkLengths(tree) == []) }

    @Test("the top level holds only what belongs there")
    func topLevel() { #expect(checkTopLevel(tree) == []) }
}
