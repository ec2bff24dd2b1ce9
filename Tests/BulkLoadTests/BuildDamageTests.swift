import Foundation
import Synchronization
import Testing

@testable import BulkLoad

/// Damage of what a build wrote itself is found and said in a line, and never becomes a version.
@Suite struct BuildDamageTests {
    private static func source(_ fixture: LoadFixture) throws -> String {
        let text = (0..<3000).reduce(into: "tailnum,year,speed,model,built\n") { $0 += "N\($1),\($1),,model \($1),\n" }
        return try fixture.file("planes.csv", text)
    }

    private static func interrupted(_ fixture: LoadFixture, at wanted: BuildStep) throws -> VersionBuilder {
        var builder = try fixture.builder([try source(fixture)], memoryBytes: 20_000, fileBytes: 10_000)
        builder.step = { step throws(BulkLoadError) in
            if step == wanted { throw BulkLoadError(.interrupted, "killed") }
        }
        _ = try? builder.build()
        builder.step = { _ in }
        return builder
    }

    private static func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        body(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }

    @Test func aBitThatFlippedInARunIsFoundAndTheNextBuildBeginsAnew() throws {
        let fixture = try LoadFixture()
        let builder = try Self.interrupted(fixture, at: .allRead)
        let run = try #require(fixture.workFiles.first { $0.hasPrefix("run-") })
        try Self.change("\(fixture.work)/\(run)") { $0[$0.count / 2] ^= 4 }
        #expect {
            _ = try builder.build()
        } throws: { error in
            let text = "\(error)"
            return (error as? BulkLoadError)?.code == .corrupt && !text.contains("\n") && text.contains("damaged")
        }
        #expect(fixture.workFiles.isEmpty)
        let built = try builder.build()
        #expect(built.manifest.rows == 3000)
    }

    @Test func aRunThatWasCutOffIsMadeAgain() throws {
        let fixture = try LoadFixture()
        let builder = try Self.interrupted(fixture, at: .allRead)
        let run = try #require(fixture.workFiles.first { $0.hasPrefix("run-") })
        try Self.change("\(fixture.work)/\(run)") { $0.removeLast(10) }
        let built = try builder.build()
        #expect(built.manifest.rows == 3000)
        #expect(built.manifest.duplicates == 0)
    }

    @Test func aFileThatIsNotWhatTheJournalSaysIsMadeAgain() throws {
        let fixture = try LoadFixture()
        let builder = try Self.interrupted(fixture, at: .rangeFinished)
        let file = try #require(fixture.workFiles.first { $0.hasSuffix(".sst") })
        try Self.change("\(fixture.work)/\(file)") { $0[$0.count / 3] ^= 1 }
        let built = try builder.build()
        #expect(built.manifest.rows == 3000)
        #expect(built.isSound)
    }

    @Test func aJournalThatWasCutOffOrDamagedCostsWorkAndNothingElse() throws {
        for damage in 0..<6 {
            let fixture = try LoadFixture()
            let builder = try Self.interrupted(fixture, at: damage % 2 == 0 ? .allRead : .rangeFinished)
            try Self.change("\(fixture.work)/journal") { journal in
                if damage < 3 {
                    journal.removeLast(journal.count * (damage + 1) / 4)
                } else {
                    journal[journal.count * (damage - 2) / 4] ^= 2
                }
            }
            let built = try builder.build()
            #expect(built.manifest.rows == 3000)
            #expect(built.manifest.duplicates == 0)
        }
    }

    @Test func aManifestOfWhichAnyBitFlippedIsRefused() throws {
        let fixture = try LoadFixture()
        let built = try fixture.builder([try fixture.file("x.csv", "tailnum,year,speed,model,built\nN1,1,1,a,\n")])
            .build()
        let bytes = built.manifestBytes
        let again = try LoadManifest(decoding: bytes)
        #expect(again == built.manifest)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= UInt8(1 << (index % 8))
            #expect(throws: BulkLoadError.self, "bit in byte \(index)") { try LoadManifest(decoding: damaged) }
        }
        #expect(throws: BulkLoadError.self) { try LoadManifest(decoding: Array(bytes.dropLast(1))) }
        #expect(throws: BulkLoadError.self) { try LoadManifest(decoding: []) }
    }

    @Test func aSourceThatChangesWhileABuildIsResumedIsNamed() throws {
        let fixture = try LoadFixture()
        let builder = try Self.interrupted(fixture, at: .allRead)
        let path = "\(fixture.folder)/planes.csv"
        let before = try FileManager.default.attributesOfItem(atPath: path)
        var status = stat()
        stat(path, &status)
        // The same size, and the same time: only its bytes tell.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: 40)
        try file.write(contentsOf: Data("7".utf8))
        try file.close()
        var times = [status.st_atim, status.st_mtim]
        utimensat(AT_FDCWD, path, &times, 0)
        #expect(before[.size] as? Int64 == (try FileManager.default.attributesOfItem(atPath: path))[.size] as? Int64)
        #expect {
            _ = try builder.build()
        } throws: { "\($0)" == "\(path) was changed while it was loaded; load it again" }
        #expect(fixture.workFiles.isEmpty)
    }

    /// `/dev/full` takes the place of the disk: every write to it finds it full.
    @Test(
        arguments: [
            ("run-6", .runWritten), ("manifest.json.part", .rangesPlanned),
        ] as [(String, BuildStep)])
    func aFullDiskIsSaidInALineAndTheNextBuildGoesOn(name: String, step wanted: BuildStep) throws {
        let fixture = try LoadFixture()
        var builder = try fixture.builder([try Self.source(fixture)], memoryBytes: 20_000, fileBytes: 10_000)
        let path = "\(fixture.work)/\(name)"
        // It fails where it is there already.
        builder.step = { step in if step == wanted { symlink("/dev/full", path) } }
        #expect {
            _ = try builder.build()
        } throws: { error in
            let text = "\(error)"
            return (error as? BulkLoadError)?.code == .diskFull && !text.contains("\n") && text.contains(fixture.work)
        }
        #expect(!fixture.workFiles.isEmpty && !fixture.workFiles.contains(name))
        builder.step = { _ in }
        let built = try builder.build()
        #expect(built.manifest.rows == 3000 && built.manifest.duplicates == 0)
    }
}
