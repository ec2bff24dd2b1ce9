import BulkLoad
import Foundation
import Records
import Testing

@Suite("Files in folders, by patterns and under other names")
struct SourceLayoutTests {
    let fixture: LoadFixture

    init() throws {
        fixture = try LoadFixture()
    }

    @Test("folders of Hive's layout are columns of the table's types")
    func folders() throws {
        let path = try fixture.file("t/ds=2013-01-05/Carrier=A%2FB/part-0.csv", "id\n1\n2\n")
        let rows = try SourceRows(path, [("carrier", .string), ("id", .int64), ("ds", .timestamp)])
        #expect(
            rows.columns == [
                [.string("A/B"), .string("A/B")], [.int64(1), .int64(2)],
                [Value](repeating: .timestamp(1_357_344_000_000_000), count: 2),
            ])
    }

    @Test("the folder of rows without a value means NULL")
    func null() throws {
        let path = try fixture.file("t/x=__HIVE_DEFAULT_PARTITION__/part-0.jsonl", "{\"id\": 1}\n")
        #expect(try SourceRows(path, [("id", .int64), ("x", .int64)]).columns == [[.int64(1)], [.null]])
    }

    @Test("a column of the file's own goes before what a folder says")
    func ownColumn() throws {
        let text = try fixture.file("t/x=7/part-0.csv", "id,x\n1,2\n")
        #expect(try SourceRows(text, [("id", .int64), ("x", .int64)]).columns == [[.int64(1)], [.int64(2)]])
        let json = try fixture.file("t/x=7/part-0.jsonl", "{\"id\": 1, \"x\": 2}\n{\"id\": 3}\n")
        #expect(
            try SourceRows(json, [("id", .int64), ("x", .int64)]).columns
                == [[.int64(1), .int64(3)], [.int64(2), .int64(7)]])
    }

    @Test("a folder that is no value of the column's type is named")
    func wrongFolder() throws {
        let path = try fixture.file("t/day=monday/part-0.csv", "id\n1\n")
        #expect(
            refusal(path, [("id", .int64), ("day", .int64)])
                == "\(path): column day: expected INT64 (an integer), found the folder day=monday")
    }

    @Test("folders are columns of Parquet files too", .arrow)
    func parquetFolders() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: vector("rows.parquet"))))
        let path = try fixture.file("t/x=7/part-0.snappy.parquet", bytes)
        let rows = try SourceRows(path, [("x", .int64), ("id", .int64)])
        #expect(rows.columns[0] == [Value](repeating: .int64(7), count: 3000) && rows.columns[1][2999] == .int64(2999))
        // Nothing of the file itself.
        #expect(try SourceRows(path, [("x", .int64)]).count == 3000)
    }

    @Test("a pattern stands for what matches it, by name; folders among it for their files")
    func patterns() throws {
        for name in ["p/ds=2/b.csv", "p/ds=1/c.csv", "p/ds=1/a.csv", "p/other/d.csv", "p/e[1].csv", "p/_x/z.csv"] {
            _ = try fixture.file(name, "id\n1\n")
        }
        let folder = "\(fixture.folder)/p"
        #expect(
            try SourceFiles(["\(folder)/ds=*"]).paths
                == ["\(folder)/ds=1/a.csv", "\(folder)/ds=1/c.csv", "\(folder)/ds=2/b.csv"])
        #expect(
            try SourceFiles(["\(folder)/{other,ds=2}/?.csv"]).paths == [
                "\(folder)/other/d.csv", "\(folder)/ds=2/b.csv",
            ])
        // A file that is there is meant by its name.
        #expect(try SourceFiles(["\(folder)/e[1].csv"]).paths == ["\(folder)/e[1].csv"])
        #expect(try SourceFiles([folder]).files.map(\.name).first == "ds=1/a.csv")
    }

    @Test("a file that folders and patterns give more than once is taken once, where it comes last")
    func overlaps() throws {
        for name in ["o/a.csv", "o/b.csv", "o/ds=1/c.csv"] { _ = try fixture.file(name, "id\n1\n") }
        let folder = "\(fixture.folder)/o"
        try FileManager.default.createSymbolicLink(
            atPath: "\(fixture.folder)/link.csv", withDestinationPath: "\(folder)/b.csv")
        let files = try SourceFiles([folder, "\(folder)/?.csv", "\(folder)/../o/a.csv", "\(fixture.folder)/link.csv"])
        #expect(files.paths == ["\(folder)/ds=1/c.csv", "\(folder)/../o/a.csv", "\(fixture.folder)/link.csv"])
        // In another partition its rows are others.
        try FileManager.default.createDirectory(atPath: "\(folder)/ds=2", withIntermediateDirectories: true)
        try FileManager.default.linkItem(atPath: "\(folder)/ds=1/c.csv", toPath: "\(folder)/ds=2/c.csv")
        #expect(try SourceFiles(["\(folder)/ds=*"]).files.count == 2)
    }

    @Test("columns may have other names in the files")
    func columnNames() throws {
        let options = SourceOptions(columnNames: ["Number": "id", "label": "NAME"])
        let csv = try fixture.file("a.csv", "id,name,number\n1,one,9\n")
        let json = try fixture.file("a.jsonl", "{\"id\": 1, \"NAME\": \"one\", \"number\": 9}\n")
        for path in [csv, json] {
            let rows = try SourceRows(path, [("number", .int64), ("label", .string)], options: options)
            #expect(rows.columns == [[.int64(1)], [.string("one")]])
        }
        #expect(
            refusal(csv, [("number", .int64)], options: SourceOptions(columnNames: ["number": "none"]))
                == "\(csv):1: the header names no column none (for column number); it has id, name, number")
        try options.check(columns: ["number", "label"], table: "t")
        #expect { try options.check(columns: ["number"], table: "t") } throws: {
            "\($0)" == "table t has no column label to read from NAME; it has number"
        }
    }

    @Test("columns of Parquet files may have other names, and one may fill two", .arrow)
    func parquetNames() throws {
        let options = SourceOptions(columnNames: ["a": "id", "b": "ID"])
        let rows = try SourceRows(
            vector("rows.parquet"), [("a", .int64), ("score", .double), ("b", .double)], options: options)
        #expect(rows.columns[0][5] == .int64(5) && rows.columns[2][5] == .double(5))
    }

    @Test("text through gzip and zstd, in several parts", arguments: ["rows.csv.gz", "rows.jsonl.zst"])
    func compressed(file: String) throws {
        let rows = try SourceRows(vector(file), [("id", .int64), ("name", .string)])
        #expect(rows.columns[0] == (0..<200).map { .int64($0) })
        #expect(rows.columns[1] == (0..<200).map { .string("name \($0)") })
    }

    @Test("files of columns need no ending", .arrow)
    func noEnding() throws {
        for name in ["rows.parquet", "rows.orc"] {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: vector(name))))
            let path = try fixture.file("t/000000_0", bytes)
            #expect(try SourceFiles(["\(fixture.folder)/t"]).paths == [path])
            #expect(try SourceRows(path, [("id", .int64)]).count == 3000)
        }
    }
}
