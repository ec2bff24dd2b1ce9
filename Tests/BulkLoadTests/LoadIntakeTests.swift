import BulkLoad
import Catalog
import Foundation
import Records
import RocksDB
import Tables
import Testing

@Suite struct LoadIntakeTests {
    static func csv(_ rows: Int, year: Int) -> String {
        (0..<rows).reduce(into: "tailnum,year,speed,model,built\n") { $0 += "N\($1),\(year),1.5,model \($1),\n" }
    }

    func built(_ fixture: LoadFixture, rows: Int = 500, year: Int = 2000) throws -> BuiltVersion {
        let path = try fixture.file("planes.csv", Self.csv(rows, year: year))
        return try fixture.built(fixture.builder([path], fileBytes: 4000))
    }

    /// The code of the error that `body` throws.
    func code(_ body: () throws -> Void) -> BulkLoadError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? BulkLoadError)?.code
        }
    }

    @Test func anUploadThatBrokeOffResumesWhereItEnded() throws {
        let fixture = try LoadFixture()
        let built = try built(fixture)
        #expect(built.files.count > 1)
        let server = try LoadServer("\(fixture.folder)/data")
        let load = try server.upload(built, chunk: 700, limit: 4)
        let (same, received) = try server.begin(built)
        #expect(same == load)
        #expect(received.reduce(0, +) > 700)
        #expect(
            code { _ = try server.adopt(load) } == .wrongOffset)
        // The client itself was killed too, and builds again: it finds its version.
        let again = try fixture.builder(["\(fixture.folder)/planes.csv"], fileBytes: 4000).build()
        let adopted = try server.load(again)
        #expect(adopted == AdoptedVersion(version: 1, rows: 500))
        let row = try server.row([.string("N499")])
        #expect(row?[0] == .int64(2000))
        #expect(
            code { _ = try server.adopt(load) } == .notFound)
        try server.close()
    }

    @Test func chunksAreTakenInOrderAndOnce() throws {
        let fixture = try LoadFixture()
        let built = try built(fixture, rows: 10)
        let server = try LoadServer("\(fixture.folder)/data")
        let (load, _) = try server.begin(built)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: built.files[0])))
        func write(_ range: Range<Int>, at offset: Int64, file: Int = 0) throws -> Int64 {
            try Array(bytes[range]).withUnsafeBytes {
                try server.intake.write(load: load, file: file, offset: offset, data: $0, now: 0)
            }
        }
        #expect(code { _ = try write(10..<20, at: 10) } == .wrongOffset)
        #expect(code { _ = try write(0..<10, at: -1) } == .wrongOffset)
        #expect(code { _ = try write(0..<10, at: Int64(bytes.count) - 5) } == .wrongOffset)
        #expect(code { _ = try write(0..<10, at: .max) } == .wrongOffset)
        #expect(code { _ = try write(0..<10, at: 0, file: 9) } == .notFound)
        #expect(
            code {
                _ = try server.intake.write(load: "../x", file: 0, offset: 0, data: .init(start: nil, count: 0), now: 0)
            } == .notFound)
        var here = try write(0..<10, at: 0)
        #expect(here == 10)
        here = try write(0..<10, at: 0)
        #expect(here == 10)
        here = try write(5..<bytes.count, at: 5)
        #expect(here == Int64(bytes.count))
        let adopted = try server.adopt(load)
        #expect(adopted.rows == 10)
        try server.close()
    }

    @Test func aTamperedFileIsRefusedAndTheServingVersionGoesOn() throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        _ = try server.load(try built(fixture, year: 1999))
        let second = try built(fixture, year: 2001)
        let middle = try FileHandle(forUpdating: URL(fileURLWithPath: second.files[1]))
        try middle.seek(toOffset: 100)
        try middle.write(contentsOf: Data([0xee, 0xee]))
        try middle.close()
        #expect(code { _ = try server.load(second) } == .corrupt)
        let row = try server.row([.string("N7")])
        #expect(row?[0] == .int64(1999))
        let table = try server.table()
        #expect(table.versions.map(\.number) == [1])
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(server.folder)/loads")
        #expect(left.isEmpty)
        try server.close()
    }

    /// A manifest that is right about its files but not about its rows.
    @Test(
        arguments: [
            { $0.samples[3].xxh3 = Checksum(1) }, { $0.samples[0].key = "0261" }, { $0.samples[0].key = "zz" },
            { manifest in
                manifest.files[0].rows += 1
                manifest.shards.rows[0] += 1
                manifest.rows += 1
            },
        ] as [@Sendable (inout LoadManifest) -> Void])
    func aVersionThatDoesNotReadBackAsItsManifestSaysNeverServes(change: @Sendable (inout LoadManifest) -> Void) throws
    {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        let honest = try built(fixture)
        _ = try server.load(honest)
        var manifest = honest.manifest
        change(&manifest)
        let encoded = try manifest.encoded()
        let (load, _) = try server.intake.begin(manifest: encoded, table: try server.table(), shardCount: 64, now: 0)
        for (index, path) in honest.files.enumerated() {
            try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))).withUnsafeBytes {
                _ = try server.intake.write(load: load, file: index, offset: 0, data: $0, now: 0)
            }
        }
        #expect(throws: BulkLoadError.self) {
            try server.adopt(load)
        }
        let table = try server.table()
        #expect(table.servingVersion == 1)
        #expect(throws: (any Error).self) { try server.tables.statistics(table: 7, version: 2) }
        try server.close()
    }

    @Test func aManifestForAnythingElseIsRefused() throws {
        let fixture = try LoadFixture()
        let built = try built(fixture, rows: 10)
        let server = try LoadServer("\(fixture.folder)/data")
        func message(_ table: TableEntry, shardCount: Int = 64, manifest: [UInt8]? = nil) -> String {
            do {
                _ = try server.intake.begin(
                    manifest: manifest ?? built.manifestBytes, table: table, shardCount: shardCount, now: 0)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(
            message(LoadFixture.planes(id: 9))
                == "the load is for table planes with id 7, which is not planes with id 9")
        #expect(
            message(LoadFixture.planes(revision: 2))
                == "the load was built for revision 1 of table planes, which now has revision 2")
        #expect(
            message(LoadFixture.planes(), shardCount: 32) == "the load was built for another sharding of table planes")
        #expect(message(LoadFixture.planes(), manifest: Array("{}".utf8)) == "the manifest cannot be read")
        var format = built.manifest
        format.format = 3
        let newer = try format.encoded()
        #expect(message(LoadFixture.planes(), manifest: newer) == "the manifest has format 3; wanted is 2")
        var sum = built.manifest
        sum.rows = 11
        let wrong = try sum.encoded()
        #expect(
            message(LoadFixture.planes(), manifest: wrong) == "the manifest's files do not add up to its 11 rows")
        sum.files += sum.files
        for index in sum.files.indices { sum.files[index].rows = .max }
        let giant = try sum.encoded()
        #expect(
            message(LoadFixture.planes(), manifest: giant) == "the manifest's files do not add up to its 11 rows")
        try server.close()
    }

    @Test func aNewVersionReplacesTheFormerOneWholeAndAcrossARestart() throws {
        let fixture = try LoadFixture()
        var server = try LoadServer("\(fixture.folder)/data")
        _ = try server.load(try built(fixture, rows: 500, year: 1999))
        let adopted = try server.load(try built(fixture, rows: 300, year: 2001))
        #expect(adopted.version == 2 && adopted.rows == 300 && adopted.state == .serving)
        for _ in 0..<2 {
            let kept = try server.row([.string("N299")])
            #expect(kept?[0] == .int64(2001))
            let gone = try server.row([.string("N300")])
            #expect(gone == nil)
            let table = try server.table()
            #expect(table.versions.map(\.number) == [1, 2])
            #expect(table.versions[1].origin == "planes.csv")
            #expect(table.versions[1].loadedRows == 300)
            #expect(table.nextVersion == 3)
            #expect(try server.tables.statistics(table: 7, version: 1).estimatedRows == 500)
            try server.close()
            server = try LoadServer("\(fixture.folder)/data")
        }
        try server.close()
    }

    @Test func theOldestVersionsBeyondThoseThatAreKeptGo() throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        for year in 2000..<2005 {
            let adopted = try server.load(
                try built(fixture, rows: 10, year: year), Adoption(now: Int64(year), versionsKept: 2))
            #expect(adopted.surplus == (year < 2002 ? [] : [adopted.version - 2]))
        }
        #expect(try server.table().versions.map(\.number) == [4, 5])
        #expect(throws: (any Error).self) { try server.tables.statistics(table: 7, version: 3) }
        #expect(try server.row([.string("N7")])?[0] == .int64(2004))
        try server.close()
    }

    @Test func aLoadThatLostRowsOrGainedNullsWaitsForAPerson() throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        _ = try server.load(try built(fixture, rows: 500))
        let few = try server.load(try built(fixture, rows: 100, year: 2001))
        #expect(few.state == .held)
        #expect(few.checks.filter { !$0.isPassed }.map(\.subject) == [.rows, .bytes])
        #expect(few.checks[0].former == 500 && few.checks[0].found == 100 && few.checks[0].limit == 0.5)
        #expect(try server.table().servingVersion == 1)
        let text = Self.csv(500, year: 2002).replacingOccurrences(of: ",2002,", with: ",,")
        let path = try fixture.file("planes.csv", text)
        let nulls = try server.load(try fixture.builder([path]).build())
        #expect(nulls.state == .held)
        #expect(nulls.checks.filter { !$0.isPassed }.map(\.subject) == [.nulls(column: "year")])
        // The same rows in another load, and a person who means it.
        let forced = try server.load(
            try built(fixture, rows: 100, year: 2003), Adoption(now: 1, isForced: true))
        #expect(forced.state == .serving)
        #expect(forced.checks.contains { !$0.isPassed })
        #expect(try server.row([.string("N7")])?[0] == .int64(2003))
        try server.close()
    }

    @Test func aTableSaysWhatItsLoadsAreHeldTo() throws {
        let fixture = try LoadFixture()
        var table = LoadFixture.planes()
        table.loadLimits = LoadLimits(leastRows: 0.1, leastBytes: 0.1, nullRise: 1)
        let server = try LoadServer("\(fixture.folder)/data", table: table)
        _ = try server.load(try built(fixture, rows: 500))
        let few = try server.load(try built(fixture, rows: 100, year: 2001))
        #expect(few.state == .serving)
        #expect(few.checks.allSatisfy { $0.isPassed })
        try server.close()
    }

    @Test func whatWasAdoptedIsAdoptedAgainOnlyOnDemand() throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        let built = try built(fixture)
        _ = try server.load(built)
        #expect(code { _ = try server.load(built) } == .adoptedAlready)
        let load = try server.upload(built, again: true)
        let id = try #require(LoadID(load))
        #expect(try id.adoption(by: server.table()) == nil)
        #expect(try server.adopt(load).version == 2)
        #expect(try id.adoption(by: server.table())?.version == 2)
        #expect(try server.table().adoptedLoads?.map(\.version) == [1, 2])
        for text in ["", "t7", "t7-0123456789abcdeg", "t7-0123456789abcdef-", "t7-0123456789abcdef-0", "../x"] {
            #expect(LoadID(text) == nil)
        }
        try server.close()
    }

    @Test func aFullDiskWhileTheCatalogIsWrittenLeavesTheServingVersion() throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        _ = try server.load(try built(fixture, year: 1999))
        let load = try server.upload(try built(fixture, year: 2001))
        server.catalog.failNextWrite(with: .init(.noSpace, "No space left on device"))
        #expect(throws: (any Error).self) { try server.adopt(load) }
        let row = try server.row([.string("N7")])
        #expect(row?[0] == .int64(1999))
        let adopted = try server.load(try built(fixture, year: 2002))
        #expect(adopted.rows == 500)
        try server.close()
    }

    /// The version that serves must be there whatever the catalog says in the end.
    @Test func aCatalogThatFailsAfterItWasWrittenServesTheNewVersion() throws {
        let fixture = try LoadFixture()
        var server = try LoadServer("\(fixture.folder)/data")
        _ = try server.load(try built(fixture, year: 1999))
        let load = try server.upload(try built(fixture, year: 2001))
        // The first write takes the number, the second one switches.
        for year in [2001, 2002] {
            let load = year == 2001 ? load : try server.upload(try built(fixture, year: Int(year)))
            server.catalog.failNextWrite(with: .init(.ioError, "cannot sync"), afterWriting: true)
            _ = try server.adopt(load)
            for _ in 0..<2 {
                let row = try server.row([.string("N7")])
                #expect(row?[0] == .int64(Int64(year)))
                try server.close()
                server = try LoadServer("\(fixture.folder)/data")
            }
        }
        try server.close()
    }

    @Test func aLoadThatIsFinishedTwiceAtOnceIsAdoptedOnce() async throws {
        let fixture = try LoadFixture()
        let server = try LoadServer("\(fixture.folder)/data")
        let built = try built(fixture)
        for round in 1...10 {
            let load = try server.upload(built, again: true)
            let adopted = await withTaskGroup(of: AdoptedVersion?.self) { group -> [AdoptedVersion] in
                for _ in 0..<2 {
                    group.addTask { try? server.adopt(load) }
                }
                var adopted: [AdoptedVersion] = []
                for await version in group { if let version { adopted.append(version) } }
                return adopted
            }
            #expect(adopted.map(\.version) == [UInt32(round)])
        }
        try server.close()
    }
}
