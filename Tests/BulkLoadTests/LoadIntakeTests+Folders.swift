import BulkLoad
import Catalog
import Foundation
import Records
import RocksDB
import Tables
import Testing

/// What stands in the intake's folder, and what becomes of it.
extension LoadIntakeTests {
    @Test func anUploadGoesOnAfterARestartAndIdleLoadsGo() throws {
        let fixture = try LoadFixture()
        let built = try built(fixture)
        var server = try LoadServer("\(fixture.folder)/data")
        let load = try server.upload(built, limit: 5)
        let before = try server.begin(built).received
        try server.close()
        try FileManager.default.createDirectory(
            atPath: "\(server.folder)/loads/t7-0123456789abcdef", withIntermediateDirectories: true)
        // One whose files were being removed when the server was killed.
        try FileManager.default.copyItem(
            atPath: "\(server.folder)/loads/\(load)", toPath: "\(server.folder)/loads/\(load).removed-1")
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: "\(server.folder)/loads/other"))
        server = try LoadServer("\(fixture.folder)/data")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(server.folder)/loads") == [load])
        let after = try server.begin(built).received
        #expect(after == before)
        #expect(after.reduce(0, +) > 0)
        #expect(try server.load(built).rows == 500)
        _ = try server.upload(built, again: true, limit: 2)
        let later = try server.begin(built, again: true, now: LoadIntake.idleMicroseconds + 1)
        #expect(later.received.allSatisfy { $0 == 0 })
        server.intake.remove(load: later.load)
        let removed = try FileManager.default.contentsOfDirectory(atPath: "\(server.folder)/loads")
        #expect(removed.isEmpty)
        try server.close()
    }

    @Test func whatAPersonSaidOfALoadOutlivesTheServer() throws {
        let fixture = try LoadFixture()
        let built = try built(fixture)
        var server = try LoadServer("\(fixture.folder)/data")
        #expect(try server.load(built).version == 1)
        let load = try server.upload(built, again: true)
        #expect(throws: Never.self) { try server.begin(built, again: true) }
        try server.close()
        server = try LoadServer("\(fixture.folder)/data")
        #expect(try server.intake.upload(load).terms == LoadTerms(isAgain: true))
        #expect(try server.adopt(load).version == 2)

        let other = try self.built(fixture, year: 2001)
        _ = try server.upload(other)
        for cut in [Cut.earliest, .replace] {
            let id = try server.intake.begin(
                manifest: other.manifestBytes, table: server.table(), shardCount: 64, terms: LoadTerms(cut: cut), now: 0
            ).load
            try server.close()
            server = try LoadServer("\(fixture.folder)/data")
            #expect(try server.intake.upload(id).terms == LoadTerms(cut: cut))
        }
        try server.close()
    }

    @Test func aLoadThatBeginsAnewWhileItsFormerFilesAreRemovedKeepsItsOwn() async throws {
        let fixture = try LoadFixture()
        let built = try built(fixture)
        let server = try LoadServer("\(fixture.folder)/data")
        for _ in 0..<50 {
            let load = try server.upload(built)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { server.intake.remove(load: load) }
                group.addTask { _ = try? server.upload(built, limit: 2) }
            }
            let received = try server.begin(built).received
            let folder = "\(server.folder)/loads/\(load)"
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(files.contains(LoadManifest.fileName))
            #expect(files.count { $0.hasSuffix(".sst") } == received.count { $0 > 0 })
        }
        #expect(try server.load(built).rows == 500)
        try server.close()
    }

    @Test func whatATableHasAdoptedIsSweptAtStart() throws {
        let fixture = try LoadFixture()
        let built = try built(fixture)
        var server = try LoadServer("\(fixture.folder)/data")
        let load = try server.upload(built)
        // A kill between the catalog's write and the removal of what was taken in.
        try server.catalog.update { snapshot in
            var table = try #require(snapshot.table(id: 7))
            table.remember(AdoptedLoad(manifest: String(load.dropFirst(3)), version: 1, rows: 500))
            try snapshot.put(table)
        }
        try server.close()
        server = try LoadServer("\(fixture.folder)/data")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(server.folder)/loads") == [])
        try server.close()
    }

    @Test func aDroppedTableTakesNoLoad() throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        let load = try server.upload(try built(fixture))
        try server.catalog.update { $0.removeTable(id: 7) }
        #expect(
            code { _ = try server.adopt(load) } == .notFound)
        try server.close()
    }
}
