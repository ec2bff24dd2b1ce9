import Testing

/// A check that cannot fail checks nothing: each is shown a small tree with one thing wrong in it.
@Suite("Each check fails on a tree that breaks its rule")
struct MadeUpTreeTests {
    let table = RoomTable(
        allowed: ["Low": ["CLow"], "Middle": ["Low"], "High": ["Middle", "Low"]], wrappers: ["CLow": "Low"])

    let sound = [
        "Package.swift": "",
        "Sources/CLow/include/CLow.h": "",
        "Sources/Low/Low.swift": "internal import CLow\nimport Foundation\n",
        "Sources/Middle/Middle.swift": "package import Low\n// import High\n",
        "Sources/High/High.swift": "import Middle\npackage import struct Low.Thing\n",
    ]

    private func tree(adding path: String, _ text: String) -> SourceTree {
        SourceTree(files: sound.merging([path: text]) { $1 })
    }

    @Test("a sound tree passes them all")
    func soundTreePasses() {
        let tree = SourceTree(files: sound)
        #expect(checkImports(tree, table) == [])
        #expect(checkWrappers(tree, table) == [])
        #expect(checkFolders(tree, table) == [])
        #expect(checkGraph(tree, table) == [])
        #expect(checkReasons(tree) == [])
        #expect(checkLengths(tree) == [])
        #expect(checkTopLevel(tree) == [])
    }

    @Test(
        "an import against the arrows is found however it is written",
        arguments: [
            "import High", "  internal import High", "package import struct High.Thing",
            "import Foundation; import High",
            "@preconcurrency import High", "@_spi(Tests) public import High", "@testable import func High.make",
        ])
    func importsAreFound(line: String) {
        let tree = tree(adding: "Sources/Low/Wrong.swift", "// Why.\n\(line)\n")
        #expect(checkImports(tree, table) == ["Sources/Low/Wrong.swift:2: Low may not import High"])
    }

    @Test("a folder that the table does not name may be imported by nobody")
    func unknownRoomsAreNotOutsidePackages() {
        var files = sound
        files["Sources/Extra/Extra.swift"] = ""
        files["Sources/High/Wrong.swift"] = "import Extra"
        let tree = SourceTree(files: files)
        #expect(checkImports(tree, table) == ["Sources/High/Wrong.swift:1: High may not import Extra"])
        #expect(checkFolders(tree, table) == ["Sources/Extra: no such room in the table"])
    }

    @Test("a C module is kept to its room even where the table would allow it, and holds no Swift")
    func wrappersAreHeld() {
        var loose = table
        loose.allowed["High", default: []].insert("CLow")
        #expect(
            checkWrappers(tree(adding: "Sources/High/Wrong.swift", "import CLow"), loose)
                == ["Sources/High/Wrong.swift:1: only Low imports CLow"])
        #expect(
            checkWrappers(tree(adding: "Sources/CLow/Wrong.swift", ""), table)
                == ["Sources/CLow/Wrong.swift: Swift in the C module CLow"])
    }

    @Test("a circle is found in the table and in the imports")
    func circlesAreFound() {
        var circular = table
        circular.allowed["Low", default: []].insert("High")
        let complaint = ["rooms that import each other in a circle: [\"High\", \"Low\", \"Middle\"]"]
        #expect(checkGraph(SourceTree(files: sound), circular) == complaint)
        #expect(checkGraph(tree(adding: "Sources/Low/Wrong.swift", "import High"), table) == complaint)
    }

    @Test(
        "an unsafe declaration needs its reason on the very next line",
        arguments: ["final class A: @unchecked \("Sendable") {", "nonisolated(\("unsafe")) var a = 0"])
    func reasonsAreDemanded(declaration: String) {
        let path = "Sources/Low/Wrong.swift"
        let complaint = ["\(path):1: the next line does not say what makes it safe"]
        #expect(checkReasons(tree(adding: path, "\(declaration)\n    // One thread alone.\n}\n")) == [])
        #expect(checkReasons(tree(adding: path, "\(declaration)\n\n// Too late.\n")) == complaint)
        #expect(checkReasons(tree(adding: path, declaration)) == complaint)
    }

    @Test("a long file is found in Sources and in Tests unless it is generated")
    func lengthsAreCounted() {
        let text = String(repeating: "//\n", count: 401)
        for path in ["Sources/Low/Wrong.swift", "Tests/LowTests/Wrong.swift"] {
            #expect(checkLengths(tree(adding: path, text)) == ["\(path): 401 lines, 400 at most"])
            #expect(checkLengths(tree(adding: path, String(text.dropLast(3)))) == [])
        }
        #expect(checkLengths(tree(adding: "Sources/Low/messages.pb.swift", text)) == [])
    }

    @Test("anything else at the top is found")
    func topLevelIsWatched() {
        #expect(checkTopLevel(tree(adding: "scripts/run", "")) == ["scripts: does not belong at the top"])
        #expect(checkTopLevel(tree(adding: ".ci/run", "")) == [])
    }
}
