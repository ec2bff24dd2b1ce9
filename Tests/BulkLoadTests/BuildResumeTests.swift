import Catalog
import Foundation
import Records
import RocksDB
import Synchronization
import Tables
import Testing

@testable import BulkLoad

/// A build that is killed goes on where it was, and makes what it would have made.
@Suite struct BuildResumeTests {
    /// Two files whose rows meet in some keys, and more of them than fit in memory.
    private static func sources(_ fixture: LoadFixture) throws -> [String] {
        try (0..<2).map { file in
            var text = "tailnum,year,speed,model,built\n"
            for row in 0..<1500 {
                text += "N\((row * 31 + file * 7) % 2000),\(row),\(row % 3 == 0 ? "" : "1.5"),m\(file),\n"
            }
            return try fixture.file("part-\(file).csv", text)
        }
    }

    private static func builder(_ fixture: LoadFixture, memoryBytes: Int) throws -> VersionBuilder {
        try fixture.builder(try sources(fixture), memoryBytes: memoryBytes, fileBytes: 10_000)
    }

    /// Keys and values of every file, in the manifest's order.
    static func rows(_ built: BuiltVersion, in fixture: LoadFixture) throws -> [[UInt8]: [UInt8]] {
        let server = try LoadServer("\(fixture.folder)/check-\(UUID().uuidString)")
        defer { try? server.close() }
        try server.tables.createVersion(table: 7, version: 1)
        let copies = try built.files.map { path in
            let copy = "\(server.folder)/\(URL(fileURLWithPath: path).lastPathComponent)"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            return copy
        }
        try server.tables.ingest(files: copies, table: 7, version: 1)
        var table = LoadFixture.planes()
        table.versions = [.init(number: 1, createdAt: 0, origin: "")]
        table.servingVersion = 1
        var rows: [[UInt8]: [UInt8]] = [:]
        try server.tables.states(of: table) { page in
            for index in 0..<page.keys.count { rows[[UInt8](page.keys[index])] = [UInt8](page.values[index]) }
        }
        return rows
    }

    /// Of what does not depend on when a file was written.
    static func figures(_ manifest: LoadManifest) -> [String] {
        ["\(manifest.rows) \(manifest.duplicates)", "\(manifest.sources)", "\(manifest.nulls)", "\(manifest.samples)"]
            + manifest.files.map { "\($0.name) \($0.rows) \($0.firstShard) \($0.lastShard)" }
            + ["\(manifest.shards.rows) \(manifest.shards.bytes)"]
    }

    @Test(arguments: BuildStep.allCases, [20_000, 1 << 20])
    func aBuildKilledAtAnyStepMakesWhatAnUndisturbedOneMakes(step: BuildStep, memoryBytes: Int) throws {
        let fixture = try LoadFixture()
        let whole = try Self.builder(fixture, memoryBytes: memoryBytes).build()
        let expected = (Self.figures(whole.manifest), try Self.rows(whole, in: fixture))
        #expect(expected.1.count == Int(whole.manifest.rows))
        for kill in 1...2 {
            try FileManager.default.removeItem(atPath: fixture.work)
            var builder = try Self.builder(fixture, memoryBytes: memoryBytes)
            let seen = Mutex(0)
            builder.step = { now throws(BulkLoadError) in
                let count = seen.withLock { seen in
                    if now == step { seen += 1 }
                    return seen
                }
                if now == step, count == kill { throw BulkLoadError(.interrupted, "killed") }
            }
            do { _ = try builder.build() } catch { #expect(error.code == .interrupted, "\(error)") }
            builder.step = { _ in }
            let built = try builder.build()
            #expect(Self.figures(built.manifest) == expected.0)
            #expect(try Self.rows(built, in: fixture) == expected.1)
            #expect(fixture.workFiles == (built.manifest.files.map(\.name) + ["manifest.json"]).sorted())
        }
    }

    @Test func aBuildThatIsKilledAgainAndAgainComesToItsEnd() throws {
        let fixture = try LoadFixture()
        let whole = try Self.builder(fixture, memoryBytes: 20_000).build()
        let expected = Self.figures(whole.manifest)
        try FileManager.default.removeItem(atPath: fixture.work)
        var kills = 0
        var builder = try Self.builder(fixture, memoryBytes: 20_000)
        while true {
            // One step further each time; steps that are done are not done again.
            let steps = Mutex(0)
            builder.step = { _ throws(BulkLoadError) in
                let count = steps.withLock { steps in
                    steps += 1
                    return steps
                }
                if count > 5 { throw BulkLoadError(.interrupted, "killed") }
            }
            do {
                let built = try builder.build()
                #expect(Self.figures(built.manifest) == expected)
                break
            } catch {
                #expect(error.code == .interrupted)
                kills += 1
                if kills > 200 {
                    Issue.record("the build makes no progress")
                    return
                }
            }
        }
        #expect(kills > 3)
    }

    @Test func finishedRunsAndFilesAreNotMadeAgain() throws {
        let fixture = try LoadFixture()
        var builder = try Self.builder(fixture, memoryBytes: 20_000)
        builder.step = { step throws(BulkLoadError) in
            if step == .allRead { throw BulkLoadError(.interrupted, "killed") }
        }
        #expect(throws: BulkLoadError.self) { try builder.build() }
        let runs = fixture.workFiles
        #expect(runs.count > 5)
        let seen = Mutex<[BuildStep]>([])
        builder.step = { step in seen.withLock { $0.append(step) } }
        _ = try builder.build()
        #expect(!seen.withLock { $0.contains(.runWritten) })
    }

    @Test func anotherBuildDoesNotGoOnWithTheFiles() throws {
        let fixture = try LoadFixture()
        var builder = try Self.builder(fixture, memoryBytes: 20_000)
        builder.step = { step throws(BulkLoadError) in
            if step == .rangeFinished { throw BulkLoadError(.interrupted, "killed") }
        }
        #expect(throws: BulkLoadError.self) { try builder.build() }
        let path = try fixture.file("part-0.csv", "tailnum,year,speed,model,built\nN1,1,1,a,\n")
        let built = try fixture.builder([path], memoryBytes: 20_000, fileBytes: 10_000).build()
        #expect(built.manifest.rows == 1)
        #expect(fixture.workFiles == ["manifest.json", built.manifest.files[0].name])
    }

    @Test func nullsAreCountedOnceWhereABuildGoesOnWithAnotherMemory() throws {
        let fixture = try LoadFixture()
        // Rows of one key are neighbours, so that they meet in whatever is sorted first.
        let text = (0..<3000).reduce(into: "tailnum,year,speed,model,built\n") {
            $0 += "N\($1 / 2),\($1 % 2 == 0 ? "" : "1"),,m,\n"
        }
        let path = try fixture.file("pairs.csv", text)
        var builder = try fixture.builder([path], fileBytes: 10_000)
        let seen = Mutex(0)
        builder.step = { step throws(BulkLoadError) in
            guard step == .rangeFinished else { return }
            let count = seen.withLock { seen in
                seen += 1
                return seen
            }
            if count == 3 { throw BulkLoadError(.interrupted, "killed") }
        }
        #expect(throws: BulkLoadError.self) { try builder.build() }
        // What was in memory is read again, and now goes through runs.
        let built = try fixture.builder([path], memoryBytes: 20_000, fileBytes: 10_000).build()
        #expect(built.manifest.nulls.map(\.count) == [0, 1500, 0, 1500])
        #expect(built.manifest.duplicates == 1500)
    }

    @Test func anotherBuildInTheFolderIsRefusedForAsLongAsAVersionIsHeld() throws {
        let fixture = try LoadFixture()
        let paths = try Self.sources(fixture)
        for _ in 0..<2 {
            let built = try fixture.builder(paths).build()
            withExtendedLifetime(built) {
                _ = #expect {
                    _ = try fixture.builder([paths[0]]).build()
                } throws: { "\($0)" == "another load is at work in \(fixture.work)" }
            }
            #expect(built.isSound)
        }
        #expect(try fixture.builder([paths[0]]).build().manifest.sources.count == 1)
    }

    @Test func aRerunAfterALostAnswerFindsTheVersionWhateverItsAdoptionLeftInTheTable() throws {
        let fixture = try LoadFixture()
        let paths = try Self.sources(fixture)
        let first = try fixture.built(paths)
        var table = LoadFixture.planes()
        table.versions = [.init(number: 1, createdAt: 5, origin: "files")]
        table.servingVersion = 1
        table.nextVersion = 2
        table.remember(AdoptedLoad(manifest: "0123456789abcdef", version: 1, rows: first.manifest.rows))
        table.loadLimits = LoadLimits(leastRows: 0.9)
        table.app = "fleet"
        table.sql = "CREATE TABLE  planes"
        #expect(LoadDescriptor(table: table, shardCount: 64).table.adoptedLoads == nil)
        var again = try fixture.builder(paths, table: table)
        // Of a former Maser, or by hand.
        again.descriptor.table = table
        let seen = Mutex<[BuildStep]>([])
        again.step = { step in seen.withLock { $0.append(step) } }
        #expect(try fixture.built(again).manifestBytes == first.manifestBytes)
        #expect(seen.withLock { $0.isEmpty })
        table.schemaRevision = 2
        #expect(try fixture.builder(paths, table: table).build().manifest.table.schemaRevision == 2)
    }
}
