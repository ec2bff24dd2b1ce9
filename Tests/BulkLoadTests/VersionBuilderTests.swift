import BulkLoad
import Foundation
import Records
import Testing

@Suite struct VersionBuilderTests {
    @Test func rowsOfEveryFormatAreServedAsTheyWereWritten() throws {
        let fixture = try LoadFixture()
        let paths = [
            try fixture.file(
                "a.csv",
                "\u{feff}model,year,ignored,TAILNUM,speed,built\r\n\"A\r\n\"\"320\"\"\",1998,x,N1,NA,2013-01-01\r\n,NA,,N2,1.5,\r\n"
            ),
            try fixture.file("b.tsv", "tailnum\tyear\tspeed\tmodel\tbuilt\nN3\t1\t2\ta,b\t1970-01-01T00:00:01Z"),
            try fixture.file(
                "c.jsonl",
                #"{"tailnum":"N4","model":"NA","year":2.0}"# + "\n\n" + #"{"tailnum":null,"speed":-0.0,"more":[1]}"#
                    + "\n"),
        ]
        let built = try fixture.builder(paths, null: "NA").build()
        #expect(built.manifest.rows == 5)
        #expect(built.manifest.duplicates == 0)
        #expect(built.manifest.sources.map(\.name) == ["a.csv", "b.tsv", "c.jsonl"])
        #expect(built.manifest.sources.map(\.rows) == [2, 1, 2])
        #expect(built.manifest.samples.count == 5)
        let server = try LoadServer("\(fixture.folder)/data")
        let adopted = try server.load(built)
        #expect(adopted == AdoptedVersion(version: 1, rows: 5))
        let rows = try ["N1", "N2", "N3", "N4", "N5"].map { try server.row([.string($0)]) }
        #expect(
            rows == [
                [.int64(1998), .null, .string("A\r\n\"320\""), .timestamp(1_356_998_400_000_000)],
                [.null, .double(1.5), .null, .null],
                [.int64(1), .double(2), .string("a,b"), .timestamp(1_000_000)],
                [.int64(2), .null, .string("NA"), .null], nil,
            ])
        let null = try server.row([.null])
        #expect(null == [.null, .double(-0.0), .null, .null])
        try server.close()
    }

    @Test func moreRowsThanMemoryAndTheLaterRowOfEqualKeysWins() throws {
        let fixture = try LoadFixture()
        var paths: [String] = []
        var expected: [Int: Int] = [:]
        var total = 0
        for file in 0..<3 {
            var text = "tailnum,year,speed,model,built\n"
            for row in 0..<4000 {
                let key = (row * 7919 + file * 13) % 5000
                text += "N\(key),\(total),,plane number \(total),\n"
                expected[key] = total
                total += 1
            }
            paths.append(try fixture.file("part-\(file).csv", text))
        }
        var phases: Set<BuildProgress.Phase> = []
        var last: BuildProgress?
        let built = try fixture.builder(paths, memoryBytes: 20_000, fileBytes: 20_000).build { progress in
            phases.insert(progress.phase)
            last = progress
        }
        #expect(phases == [.reading, .writing])
        #expect(last.map { $0.done == $0.total && $0.rows == Int64(total) } == true)
        #expect(built.manifest.rows == Int64(expected.count))
        #expect(built.manifest.duplicates == Int64(total - expected.count))
        #expect(built.manifest.files.count > 3)
        #expect(fixture.workFiles == (built.manifest.files.map(\.name) + ["manifest.json"]).sorted())
        let server = try LoadServer("\(fixture.folder)/data")
        _ = try server.load(built)
        for (key, year) in expected where key % 50 == 0 {
            let row = try server.row([.string("N\(key)")])
            #expect(row?[0] == .int64(Int64(year)))
        }
        try server.close()
    }

    @Test func theSameRowsInMemoryAndOutsideItMakeTheSameVersion() throws {
        var samples: [[LoadManifest.Sample]] = []
        // With 2000 bytes some ten rows are a run, so that runs of runs are merged.
        for memoryBytes in [1 << 20, 20_000, 2000] {
            let fixture = try LoadFixture()
            var text = "sensor,level,value\n"
            for row in 0..<5000 { text += "\(row % 700 - 350),\(Double(row % 11) / 2),\(row)\n" }
            let path = try fixture.file("r.csv", text)
            let built = try fixture.builder([path], table: LoadFixture.readings(), memoryBytes: memoryBytes).build()
            #expect(built.manifest.rows + built.manifest.duplicates == 5000)
            samples.append(built.manifest.samples)
        }
        #expect(samples[0].count == 16)
        #expect(samples[1] == samples[0])
        #expect(samples[2] == samples[0])
    }

    @Test(arguments: [
        ("x.csv", "tailnum,year\nN1,1\n", "x.csv:1: the header names no column speed; it has tailnum, year"),
        ("x.csv", "tailnum,year,speed,model,built,model\n", "x.csv:1: the header names column model 2 times"),
        ("x.csv", "", "x.csv:1: the file is empty; its first line has to name the columns"),
        ("x.csv", "\n\n", "x.csv:1: the file is empty; its first line has to name the columns"),
        (
            "x.csv", "tailnum,year,speed,model,built\nN1,1,2,\"a\nb\",\nN2,NA,1,,\n",
            "x.csv:4: column year: expected INT64 (an integer), found \"NA\""
        ),
        (
            "x.csv", "tailnum,year,speed,model,built\n\nN1,1,fast,a,\n",
            "x.csv:3: column speed: expected DOUBLE (a number), found \"fast\""
        ),
        (
            "x.csv", "tailnum,year,speed,model,built\nN1,1,1,a,2013-01-01 10:00:00\n",
            "x.csv:2: column built: expected TIMESTAMP (RFC 3339: a date, or a time with its offset or Z), found \"2013-01-01 10:00:00\""
        ),
        ("x.tsv", "tailnum\tyear\tspeed\tmodel\tbuilt\nN1\t1\t1\ta\n", "x.tsv:2: the record has 4 fields instead of 5"),
        (
            "x.csv", "tailnum,year,speed,model,built\nN1,1,1,\"a,\nN2,1,1,a,\n",
            "x.csv:2:8: this quote is never closed"
        ),
        (
            "x.csv", "tailnum,year,speed,model,built\nN1,1,1,\"a\"b,\n",
            "x.csv:2:11: after a closing quote comes a comma or the line's end; a quote inside quotes is written twice"
        ),
        (
            "x.csv", "tailnum,year,speed,model,built\nN1,x,1,a,\nN1,1,1,\"a\"b,\n",
            "x.csv:2: column year: expected INT64 (an integer), found \"x\""
        ),
        ("x.json", "\n{\"tailnum\":1}\n", "x.json:2: column tailnum: expected STRING, found the number 1"),
        (
            "x.ndjson", "{\"tailnum\":\"N1\"}\n{\"tailnum\":\"N2\"\n",
            "x.ndjson:2: not JSON: "
        ),
        ("x.json", "[{\"tailnum\":\"N1\"}]", "x.json:1: the file is a JSON array; wanted is one object a line"),
    ])
    func aMalformedFileIsNamedWithItsPlaceAndLeavesNothing(name: String, text: String, message: String) throws {
        let fixture = try LoadFixture()
        let good = try fixture.file("good.csv", "tailnum,year,speed,model,built\nN0,1,1,a,\n")
        let path = try fixture.file(name, text)
        let builder = try fixture.builder([good, path], memoryBytes: 10)
        #expect {
            _ = try builder.build()
        } throws: { error in
            guard let error = error as? BulkLoadError else { return false }
            #expect(error.description.hasPrefix("\(fixture.folder)/\(message)"), "\(error)")
            return error.code == .malformedSource
        }
        #expect(fixture.workFiles.isEmpty)
    }

    @Test func aNaNIsNoKey() throws {
        let fixture = try LoadFixture()
        let path = try fixture.file("r.csv", "sensor,level,value\n1,2,3\n1,NaN,3\n")
        #expect {
            _ = try fixture.builder([path], table: LoadFixture.readings()).build()
        } throws: { "\($0)" == "\(path):3: column level: NaN cannot be part of a key" }
    }

    @Test func sourcesThatCannotBeReadAreNamed() throws {
        let fixture = try LoadFixture()
        let text = try fixture.file("x.txt", "a")
        let cases: [([String], String)] = [
            (["\(fixture.folder)/none.csv"], "there is no file \(fixture.folder)/none.csv"),
            (
                [text],
                "\(text) is of no known format: .csv, .tsv, .json, .jsonl and .ndjson (also with .gz or .zst after it), "
                    + ".parquet and .orc are"
            ),
            (["\(fixture.folder)/*.orc"], "no file matches \(fixture.folder)/*.orc"),
            ([], "no file to load is given"),
        ]
        for (paths, message) in cases {
            #expect { _ = try SourceFiles(paths) } throws: { "\($0)" == message }
        }
        _ = try fixture.file("empty/_SUCCESS", "")
        #expect { _ = try SourceFiles(["\(fixture.folder)/empty"]) } throws: {
            "\($0)".hasSuffix("has no files to load")
        }
    }

    @Test func aFolderStandsForItsFilesByName() throws {
        let fixture = try LoadFixture()
        for name in ["t/day=2/b.csv", "t/day=1/a.csv", "t/_SUCCESS", "t/.hidden.csv", "t/_temporary/x.csv"] {
            _ = try fixture.file(name, "x")
        }
        let files = try SourceFiles(["\(fixture.folder)/t"])
        #expect(files.paths == ["\(fixture.folder)/t/day=1/a.csv", "\(fixture.folder)/t/day=2/b.csv"])
        #expect(files.bytes == 2)
    }

    @Test func aBuildOfTheSameFilesIsFoundAgainAndAnyOtherIsMadeAnew() throws {
        let fixture = try LoadFixture()
        let text = "tailnum,year,speed,model,built\nN1,1,1,a,\nNA,1,1,a,\n"
        let path = try fixture.file("x.csv", text)
        let first = try fixture.built(fixture.builder([path]))
        let again = try fixture.built(fixture.builder([path]))
        #expect(again.manifestBytes == first.manifestBytes)
        let otherNull = try fixture.built(fixture.builder([path], null: "NA"))
        #expect(otherNull.manifestBytes != first.manifestBytes)
        let otherRevision = try fixture.built(fixture.builder([path], table: LoadFixture.planes(revision: 2)))
        #expect(otherRevision.manifest.table.schemaRevision == 2)
        _ = try fixture.file("x.csv", text + "N3,1,1,a,\n")
        let changed = try fixture.built(fixture.builder([path]))
        #expect(changed.manifest.rows == 3)
        try Data([1]).write(to: URL(fileURLWithPath: changed.files[0]))
        let rebuilt = try fixture.built(fixture.builder([path]))
        #expect(rebuilt.manifest.rows == 3)
        let size = try FileManager.default.attributesOfItem(atPath: rebuilt.files[0])[.size] as? Int64
        #expect(size == rebuilt.manifest.files[0].bytes)
    }

    @Test func aFileWithoutRowsMakesAnEmptyVersion() throws {
        let fixture = try LoadFixture()
        let built = try fixture.builder([try fixture.file("x.csv", "tailnum,year,speed,model,built\n")]).build()
        #expect(built.manifest.rows == 0)
        #expect(built.files.isEmpty)
        let server = try LoadServer("\(fixture.folder)/data")
        let adopted = try server.load(built)
        #expect(adopted == AdoptedVersion(version: 1, rows: 0))
        let row = try server.row([.string("N1")])
        #expect(row == nil)
        try server.close()
    }
}
