import ArgumentParser
import Testing

@testable import maser

@Suite("What a load is told")
struct LoadOptionTests {
    @Test(
        "amounts of memory have the units that servers take",
        arguments: [
            ("64MiB", 64 << 20), ("2 GiB", 2 << 30), ("1gib", 1 << 30), ("100000000", 100_000_000), ("7B", 7),
        ])
    func amounts(text: String, bytes: Int) {
        #expect(ByteCount(argument: text)?.bytes == bytes)
    }

    @Test("what is no amount is refused", arguments: ["", "GiB", "-1", "0", "1.5GiB", "8EiB", "99999999999GiB"])
    func noAmounts(text: String) {
        #expect(ByteCount(argument: text) == nil)
    }

    @Test("columns are named once each")
    func columns() throws {
        #expect(
            try BuildOptions.parse(["--column", "a=b", "--column", "c=d=e"]).columnNames == ["a": "b", "c": "d=e"])
        for wrong in [
            ["--column", "a"], ["--column", "=b"], ["--column", "a="], ["--column", "a=b", "--column", "a=c"],
        ] {
            #expect(throws: (any Error).self) { try BuildOptions.parse(wrong) }
        }
    }

    @Test("a build has memory enough for its buffers")
    func memory() throws {
        #expect(try BuildOptions.parse([]).memory.bytes == 1 << 30)
        #expect(throws: (any Error).self) { try BuildOptions.parse(["--memory", "1MiB"]) }
    }

    @Test("there is one cut")
    func cuts() throws {
        #expect(try !CutOptions.parse([]).isGiven)
        #expect(try CutOptions.parse(["--before", "2013-07-01"]).isGiven)
        #expect(throws: (any Error).self) { try CutOptions.parse(["--replace", "--from", "earliest"]) }
        #expect(throws: (any Error).self) { try CutOptions.parse(["--from", "latest"]) }
    }
}
