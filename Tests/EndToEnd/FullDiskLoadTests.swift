import Foundation
import Glibc
import Testing

/// A disk that fills while a version is built is one line, costs nothing that serves, and the same command goes on when there is room.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "this user may not mount a file system"))
struct FullDiskLoadTests {
    private static let table = "CREATE TABLE notes (id INT64, note STRING) PRIMARY KEY (id);"

    /// A row for every 3 KB, which no compression makes small.
    private static func notes(_ folder: TemporaryFolder, megabytes: Int) throws -> String {
        let path = folder.path + "/notes.csv"
        let made = try Tool.run(
            "sh",
            [
                "-c",
                "(echo id,note; head -c \(megabytes * 750_000) /dev/urandom | base64 -w 3000 | awk '{print NR \",\" $0}') > \(path)",
            ])
        #expect(made.exitCode == 0, "\(made)")
        return path
    }

    private static func rowCount(_ path: String) throws -> Int {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count - 1
    }

    private func deployed() throws -> ServerProcess {
        let server = try ServerProcess()
        try server.start()
        try server.succeed(["deploy", server.folder.write("notes.sql", Self.table)])
        try server.succeed(["load", "notes", server.folder.write("first.csv", "id,note\n1,one\n")])
        return server
    }

    private static let first = [#"{"id":1,"note":"one"}"#]

    private func files(_ folder: String, _ ending: String) throws -> [String: Date] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(ending) }
        return try names.reduce(into: [:]) { dates, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            dates[name] = attributes[.modificationDate] as? Date
        }
    }

    @Test func aVersionBuiltOnADiskThatFillsGoesOnAfterItsLastFinishedFile() throws {
        let server = try deployed()
        let disk = try SmallDisk(at: server.folder.path + "/disk", megabytes: 96)
        let notes = try Self.notes(server.folder, megabytes: 24)
        let descriptor = try server.folder.write(
            "notes.json", server.succeed(["describe", "notes", "--descriptor"]).output)
        let out = disk.path + "/version"
        let build = ["build-version", "--descriptor", descriptor, notes, "--out", out, "--memory", "64MiB"]
        try disk.fill(leaving: 12 << 20)
        try expectRefusal(build, mentions: "the disk of \(out) is full", "make room there")
        let finished = try files(out, ".sst")
        #expect(!finished.isEmpty)
        try expectRefusal(
            ["load", "notes", "--built", out], environment: server.environment, mentions: out, "not to its end")

        try disk.makeRoom()
        let built = try MaserBinary.run(build)
        #expect(built.exitCode == 0, "\(built.errors)")
        let all = try files(out, ".sst")
        for (name, date) in finished { #expect(all[name] == date, "\(name) was made again") }
        try server.succeed(["load", "notes", "--built", out])
        #expect(try server.succeed(["scan", "notes", "--json"]).lines.count == Self.rowCount(notes))
    }

    @Test func aLoadWhoseWorkFolderFillsLeavesWhatServesAndGoesOn() throws {
        let server = try deployed()
        let disk = try SmallDisk(at: server.folder.path + "/disk", megabytes: 96)
        let notes = try Self.notes(server.folder, megabytes: 24)
        let load = ["load", "notes", notes, "--work", disk.path + "/made", "--memory", "64MiB"]
        try disk.fill(leaving: 12 << 20)
        for _ in 0..<2 {
            try expectRefusal(
                load, environment: server.environment, mentions: "the disk of \(disk.path)/made/maser-notes", "is full",
                "make room there")
            #expect(try server.succeed(["scan", "notes", "--json"]).lines == Self.first)
        }
        try disk.makeRoom()
        try server.succeed(load)
        #expect(try server.succeed(["scan", "notes", "--json"]).lines.count == Self.rowCount(notes))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/made").isEmpty)
    }

    @Test func aServerWhoseDiskFillsDuringAnUploadServesOnAndTheUploadGoesOn() throws {
        let server = try ServerProcess()
        let disk = try SmallDisk(at: server.data, megabytes: 256)
        defer { server.kill(SIGKILL) }
        try server.start()
        try server.succeed(["deploy", server.folder.write("notes.sql", Self.table)])
        try server.succeed(["load", "notes", server.folder.write("first.csv", "id,note\n1,one\n")])
        let notes = try Self.notes(server.folder, megabytes: 40)
        let load = ["load", "notes", notes, "--work", server.folder.path + "/made"]

        // More than there is room for is not begun.
        try disk.fill(leaving: 20 << 20)
        try expectRefusal(
            load, environment: server.environment, mentions: "the server's disk is full", "make room and try again",
            "the load takes")
        #expect(try server.succeed(["scan", "notes", "--json"]).lines == Self.first)

        // Somebody else fills it in the middle.
        try disk.makeRoom()
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: MaserBinary.path)
        process.arguments = load
        process.environment = ProcessInfo.processInfo.environment.merging(server.environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        while process.isRunning, try files(server.data + "/loads", ".sst").isEmpty { usleep(1_000) }
        // To the last byte: the upload writes meanwhile.
        _ = try Tool.run("sh", ["-c", "cat /dev/zero > \(disk.path)/ballast"])
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // It may have been done just before.
        if process.terminationStatus != 0 {
            expectOneClearLine(said, mentions: ["the server's disk is full", "make room and try again"])
            #expect(try server.succeed(["scan", "notes", "--json"]).lines == Self.first)
        }
        try disk.makeRoom()
        try server.succeed(load)
        #expect(try server.succeed(["scan", "notes", "--json"]).lines.count == Self.rowCount(notes))
        server.kill(SIGKILL)
        try server.start()
        #expect(try server.succeed(["scan", "notes", "--json"]).lines.count == Self.rowCount(notes))
    }
}
