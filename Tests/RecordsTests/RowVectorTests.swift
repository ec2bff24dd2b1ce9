import Bytes
import Foundation
import Records
import Testing

struct RowVectors: Decodable {
    struct Column: Decodable {
        var number: Int
        var name: String
        var type: ValueType
    }

    struct Row: Decodable {
        var values: [String: Scalar]
        var encoded: String
        var text: String
    }

    enum Scalar: Decodable {
        case text(String)
        case bool(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let bool = try? container.decode(Bool.self) {
                self = .bool(bool)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        func value(_ type: ValueType) throws -> Value {
            switch (self, type) {
            case (.bool(let value), .bool): .bool(value)
            case (.text(let text), .int64): .int64(try #require(Int64(text)))
            case (.text(let text), .timestamp): .timestamp(try #require(Int64(text)))
            case (.text(let text), .double): .double(try #require(Double(text)))
            case (.text(let text), .string): .string(text)
            case (.text(let text), _): .bytes(bytes(hexadecimal: text))
            case (.bool, _): .null
            }
        }
    }

    struct Malformed: Decodable {
        var why: String
        var encoded: String
    }

    var columns: [Column]
    var rows: [Row]
    var malformed: [Malformed]

    var layout: RowLayout { RowLayout(columns: columns.map { ($0.number, $0.name, $0.type) }) }

    func values(_ row: Row) throws -> [Value] {
        try columns.map { try row.values[$0.name]?.value($0.type) ?? .null }
    }
}

@Suite struct RowVectorTests {
    @Test func rowsEncodeAsTheVectorsSayAndReadBackAsTheSame() throws {
        let vectors = try vectors("rows.json", as: RowVectors.self)
        let layout = vectors.layout
        for row in vectors.rows {
            let values = try vectors.values(row)
            var writer = ByteWriter()
            layout.encode(values, into: &writer)
            #expect(writer.bytes == bytes(hexadecimal: row.encoded))
            let decoded = try writer.bytes.withUnsafeBytes { try layout.decode($0) }
            // NaN is not equal to itself; its text is.
            #expect(decoded.map(JSONText.text) == values.map(JSONText.text))
        }
    }

    @Test func aBatchEncodesAsItsRowsDo() throws {
        let vectors = try vectors("rows.json", as: RowVectors.self)
        let rows = try vectors.rows.map(vectors.values)
        let columns = vectors.columns.indices.map { index in
            Column(type: vectors.columns[index].type, values: rows.map { $0[index] })
        }
        for (index, row) in vectors.rows.enumerated() {
            var writer = ByteWriter()
            vectors.layout.encode(batch: columns, row: index, into: &writer)
            #expect(writer.bytes == bytes(hexadecimal: row.encoded))
        }
    }

    @Test func malformedRowsAreRefused() throws {
        let vectors = try vectors("rows.json", as: RowVectors.self)
        for malformed in vectors.malformed {
            bytes(hexadecimal: malformed.encoded).withUnsafeBytes { raw in
                _ = #expect(throws: RecordsError.self, "\(malformed.why)") { try vectors.layout.decode(raw) }
            }
        }
    }

    @Test func fieldsMayComeInAnyOrderTheLastOfSeveralCountsAndUnknownOnesArePassedOver() throws {
        let layout = RowLayout(columns: [(5, "b", .int64), (2, "a", .string)])
        var writer = ByteWriter()
        writer.append(field: 9, double: 1)
        writer.append(field: 5, int64: 1)
        writer.append(field: 2, string: "x")
        writer.append(field: 2001, int64: 3)
        writer.append(field: 5, int64: 7)
        let values = try writer.bytes.withUnsafeBytes { try layout.decode($0) }
        #expect(values == [.int64(7), .string("x")])
    }

    @Test func randomBytesAreRowsOrRefused() throws {
        let layout = try vectors("rows.json", as: RowVectors.self).layout
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...30)).map { _ in UInt8.random(in: 0...0x8f) }
            bytes.withUnsafeBytes { raw in
                do throws(RecordsError) {
                    _ = try layout.decode(raw)
                } catch {
                    #expect(error.code == .corrupt)
                }
            }
        }
    }

    /// The generated `.proto` is what protoc understands, and protoc reads rows as Maser writes them.
    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc"), "protoc is absent: run tools/setup"))
    func protocReadsRowsByTheGeneratedProto() throws {
        let vectors = try vectors("rows.json", as: RowVectors.self)
        let proto = ProtoText.file(
            table: "planes", comment: "Table planes.", keyColumns: [("tailnum", .string)],
            row: vectors.columns.map { ProtoField(number: $0.number, name: $0.name, type: .value($0.type)) }, states: []
        )
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("maser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try proto.write(to: folder.appendingPathComponent("planes.proto"), atomically: true, encoding: .utf8)
        for row in vectors.rows {
            var writer = ByteWriter()
            vectors.layout.encode(try vectors.values(row), into: &writer)
            let text = try protoc(["--decode=maser.tables.Planes", "planes.proto"], in: folder, input: writer.bytes)
            #expect(text == row.text)
        }
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc"), "protoc is absent: run tools/setup"))
    func protocUnderstandsTheProtoOfAnAggregateTable() throws {
        let sum = ProtoMessage(
            name: "Sum128", comment: "",
            fields: [
                ProtoField(number: 1, name: "low", type: .fixed64),
                ProtoField(number: 2, name: "high", type: .value(.int64)),
            ])
        let proto = ProtoText.file(
            table: "delay_by_route", comment: "Table delay_by_route,\nrevision 1.",
            keyColumns: [("origin", .string), ("window_start", .timestamp)],
            row: [
                ProtoField(number: 1, name: "flights", type: .value(.int64), comment: "COUNT(*)"),
                ProtoField(number: 2, name: "mean delay", type: .value(.double)),
                ProtoField(number: 3, name: "mean-delay", type: .value(.double)),
                ProtoField(number: 4, name: "größe", type: .value(.bytes)),
                ProtoField(number: 5, name: "2nd", type: .value(.bool)),
            ],
            states: [
                ProtoField(number: 1, name: "count", type: .value(.int64)),
                ProtoField(number: 6, name: "sum_a", type: .message(sum)),
                ProtoField(number: 7, name: "sum_b", type: .message(sum)),
                ProtoField(number: 8, name: "limbs", type: .repeated(.fixed64)),
            ])
        for message in ["DelayByRouteKey {", "DelayByRoute {", "DelayByRouteState {"] {
            #expect(proto.contains("message " + message))
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("maser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try proto.write(to: folder.appendingPathComponent("routes.proto"), atomically: true, encoding: .utf8)
        _ = try protoc(["--descriptor_set_out=/dev/null", "routes.proto"], in: folder, input: [])
    }

    private func protoc(_ arguments: [String], in folder: URL, input: [UInt8]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/protoc")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let input = Pipe(bytes: input)
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: text, as: UTF8.self)
    }
}

extension Pipe {
    /// A pipe that holds `bytes` and then ends; they fit its buffer.
    fileprivate convenience init(bytes: [UInt8]) {
        self.init()
        fileHandleForWriting.write(Data(bytes))
        fileHandleForWriting.closeFile()
    }
}
