import Foundation
import Testing

/// The same load again is answered with what it became, and fails where that does not serve.
@Suite(.serialized) struct RepeatedLoadTests {
    @Test func aLoadThatWasDoneBeforeSaysWhatBecameOfItAndHowItWouldServe() throws {
        let server = try ServerProcess()
        try server.start()
        try server.succeed(["deploy", server.folder.write("app.sql", LoadTests.app)])
        let record = #"{"at": "2024-03-01T10:00:00Z", "page": "p", "took": 1}"# + "\n"
        let history = try server.folder.write("history.jsonl", record)
        let load = ["load", "by_page", history, "--from", "earliest", "--force", "--work"]

        // What is built stays when it is not adopted. Copies of it are what a call finds that never learned that it was.
        let built = server.folder.path + "/built"
        try server.succeed(["stop", "clicks"])
        #expect(try server.maser(load + [built]).errors.contains("maser start clicks"))
        try server.succeed(["start", "clicks"])
        var calls = 0
        func again(_ more: String...) throws -> MaserBinary.Outcome {
            calls += 1
            let work = "\(server.folder.path)/work\(calls)"
            try FileManager.default.copyItem(atPath: built, toPath: work)
            return try server.maser(load + [work] + more)
        }
        for _ in 0..<2 {
            let loaded = try again()
            #expect(loaded.exitCode == 0 && loaded.output.contains("version 2 of by_page serves"), "\(loaded)")
        }

        try server.succeed(["rollback", "by_page"])
        let standby = try again()
        #expect(standby.exitCode == 1 && standby.output.contains("version 2 of by_page is standby"), "\(standby)")
        expectOneClearLine(standby.errors, mentions: ["maser rollback by_page 2", "--again"])

        try server.succeed(["versions", "by_page", "--drop", "2"])
        let dropped = try again()
        #expect(dropped.exitCode == 1 && dropped.output.contains("version 2 of by_page is dropped"), "\(dropped)")
        expectOneClearLine(dropped.errors, mentions: ["--again"])

        let anew = try again("--again")
        #expect(anew.exitCode == 0 && anew.output.contains("version 3 of by_page serves"), "\(anew)")
        // Of two that it became, the one that serves.
        let answer = try again()
        #expect(answer.exitCode == 0 && answer.output.contains("version 3 of by_page serves"), "\(answer)")
        // A refusal for anything else is no answer.
        try server.succeed(["stop", "clicks"])
        #expect(try again("--again").errors.contains("maser start clicks"))
    }
}
