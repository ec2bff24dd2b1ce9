import Bytes
import Foundation
import SwiftProtobuf
import Testing

@testable import RPC

/// The messages that are written and read by hand, against the generated code.
@Suite("Messages written and read in place")
struct InPlaceMessageTests {
    func written(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        body(&writer)
        return writer.bytes
    }

    func expectEnd<T>(_ element: T?) {
        #expect(element == nil, "there is more than was written")
    }

    let samples: [[UInt8]] = [
        [], [0], [1, 2, 3], [UInt8](repeating: 7, count: 127), [UInt8](repeating: 8, count: 16_400),
    ]

    private let contract = ReadContract(
        maximumStalenessMilliseconds: 0,
        positions: [
            .init(category: "flights", bucket: 7, offset: 1 << 40), .init(category: "", bucket: 0, offset: 0),
        ],
        wantsFreshness: true)

    private var wireContract: WireReadContract {
        .with {
            $0.maxStalenessMilliseconds = 0
            $0.waitFor = contract.positions.map { position in
                .with {
                    $0.category = position.category
                    $0.bucket = position.bucket
                    $0.offset = position.offset
                }
            }
            $0.freshness = true
        }
    }

    private func expectContract(_ read: WireReadContract.View?) {
        guard var read else {
            Issue.record("the contract is missing")
            return
        }
        #expect(read.maximumStalenessMilliseconds == contract.maximumStalenessMilliseconds && read.wantsFreshness)
        #expect(read.positionCount == contract.positions.count)
        for position in contract.positions {
            let next = try? read.nextPosition()
            #expect(next.flatMap { try? text($0.category) } == position.category)
            #expect(next?.bucket == position.bucket && next?.offset == position.offset)
        }
    }

    @Test("numbers of columns are read packed and one by one")
    func columns() throws {
        let bytes = written { writer in
            writer.append(field: 1) { writer in
                writer.append(field: 4, int64: 3)
                writer.append(packed: 4, [500, 1])
                writer.append(field: 4, int64: 2)
            }
        }
        try bytes.withUnsafeBytes { bytes in
            var reader = WireGetRequest.Reader(bytes)
            #expect(try reader.next()?.columns() == [3, 500, 1, 2])
            expectEnd(try WireGetRequest.contract(in: bytes))
        }
    }

    @Test("a column too many is read, and no more of them")
    func tooManyColumns() throws {
        let tooMany = [UInt32](repeating: 1, count: 3 * greatestColumnCount)
        for isPacked in [true, false] {
            let bytes = written { writer in
                if isPacked { writer.append(packed: 10, tooMany) }
                for number in isPacked ? [] : tooMany { writer.append(field: 10, int64: Int64(number)) }
            }
            let columns = try bytes.withUnsafeBytes { try WireScanRequest.View($0).columns }
            #expect(columns.count == greatestColumnCount + 1)
        }
    }

    @Test("keys are plain where the table's name comes first, and nothing but keys after it")
    func plainKeys() throws {
        let name = try WireTableKeys.with { $0.table = "t" }.serializedBytes() as [UInt8]
        let keys = try WireTableKeys.with { $0.keys = samples.map { Data($0) } }.serializedBytes() as [UInt8]
        let ofLaterEditions: [UInt8] = [0x98, 0x06, 1]
        func read(_ bytes: [UInt8]) throws -> (keys: [[UInt8]], isPlain: Bool) {
            try bytes.withUnsafeBytes { bytes in
                var reader = try WireTableKeys.PlainReader(bytes)
                var read: [[UInt8]] = []
                while let key = try reader.nextKey() { read.append([UInt8](key)) }
                return (read, reader.isPlain)
            }
        }
        let plain = try read(name + keys + ofLaterEditions + keys)
        #expect(plain.isPlain && plain.keys == samples + samples)
        #expect(try read(name).isPlain)
        for meaning in [
            WireTableKeys.with { $0.table = "u" }, .with { $0.version = 1 }, .with { $0.columns = [1] },
            .with { $0.raw = true },
        ] {
            #expect(try !read(name + keys + meaning.serializedBytes()).isPlain)
        }
        #expect(try !read(keys + name).isPlain && !read([]).isPlain)
        #expect(throws: BytesError.self) { try read(name + keys.dropLast()) }
    }

    @Test("a get's request is the generated one, byte for byte")
    func getRequest() throws {
        let expected = WireGetRequest.with {
            $0.tables = [
                .with {
                    $0.table = "delay_by_route"
                    $0.keys = samples.map { Data($0) }
                },
                .with { $0.keys = [] },
                .with {
                    $0.table = "airports"
                    $0.keys = [Data([2, 3])]
                    $0.version = 0
                    $0.columns = [1, 300]
                    $0.raw = true
                },
            ]
            $0.contract = wireContract
        }
        let bytes = written { writer in
            for table in expected.tables {
                WireGetRequest.append(
                    table: table.table, keys: table.keys.map { [UInt8]($0) },
                    version: table.hasVersion ? table.version : nil, columns: table.columns, raw: table.raw, to: &writer
                )
            }
            WireGetRequest.append(contract: contract, to: &writer)
        }
        #expect(bytes == (try expected.serializedBytes() as [UInt8]))
        try bytes.withUnsafeBytes { bytes in
            var reader = WireGetRequest.Reader(bytes)
            for table in expected.tables {
                let nextkeys = try reader.next()
                var keys = try #require(nextkeys)
                #expect(try text(keys.table) == table.table)
                #expect(keys.keyCount == table.keys.count)
                for key in table.keys {
                    let read = keys.nextKey()
                    #expect(read.map { [UInt8]($0) } == [UInt8](key))
                }
                expectEnd(keys.nextKey())
                #expect(keys.version == (table.hasVersion ? table.version : nil))
                #expect(try keys.columns() == table.columns)
                #expect(keys.raw == table.raw)
            }
            expectEnd(try reader.next())
            expectContract(try WireGetRequest.contract(in: bytes))
        }
    }

    @Test("a get's response is the generated one, byte for byte, rows that are not there included")
    func getResponse() throws {
        let rows: [[UInt8]?] = samples + [nil]
        let expected = WireGetResponse.with {
            $0.tables = [
                .with {
                    $0.tableID = 300
                    $0.schemaRevision = 2
                    $0.rows = rows.map { row in .with { if let row { $0.message = .init(row) } } }
                },
                .with {
                    $0.tableID = .max
                    $0.freshness = 0
                    $0.version = 4
                },
            ]
        }
        for inPlace in [false, true] {
            let bytes = written { writer in
                WireGetResponse.append(tableID: 300, schemaRevision: 2, to: &writer) { writer in
                    for row in rows {
                        if let row, inPlace {
                            WireRow.append(to: &writer) { $0.append(contentsOf: row) }
                        } else if let row {
                            row.withUnsafeBytes { WireRow.append($0, to: &writer) }
                        } else {
                            WireRow.append(nil, to: &writer)
                        }
                    }
                }
                WireGetResponse.append(tableID: .max, schemaRevision: 0, freshness: 0, version: 4, to: &writer) { _ in }
            }
            #expect(bytes == (try expected.serializedBytes() as [UInt8]))
            try bytes.withUnsafeBytes { bytes in
                var reader = WireGetResponse.Reader(bytes)
                let nexttable = try reader.next()
                var table = try #require(nexttable)
                #expect(table.tableID == 300 && table.schemaRevision == 2 && table.rowCount == rows.count)
                for row in rows {
                    guard let read = try table.nextRow() else {
                        Issue.record("a row is missing")
                        return
                    }
                    #expect(read.map { [UInt8]($0) } == row)
                }
                expectEnd(try table.nextRow())
                let last = try reader.next()
                #expect(last?.tableID == .max && last?.freshness == 0 && last?.version == 4)
                #expect(table.freshness == nil && table.version == 0)
                expectEnd(try reader.next())
            }
        }
    }

    @Test("a scan's request is the generated one, byte for byte")
    func scanRequest() throws {
        for (index, sample) in samples.enumerated() {
            let (from, to): ([UInt8]?, [UInt8]?) = (index % 2 == 0 ? nil : sample, index % 3 == 0 ? nil : [])
            let expected = WireScanRequest.with {
                $0.table = index == 0 ? "" : "delay_by_route"
                $0.prefix = .init(sample)
                if let from { $0.from = .init(from) }
                if let to { $0.to = .init(to) }
                $0.reverse = index % 2 == 1
                $0.limit = UInt32(index * 1000)
                $0.continuation = .init(sample)
                if index > 1 {
                    $0.version = UInt32(index - 2)
                    $0.contract = wireContract
                    $0.columns = [2, 1_000_000]
                    $0.raw = true
                }
            }
            let bytes = written { writer in
                WireScanRequest.append(
                    table: expected.table, prefix: sample, from: from, to: to, reverse: expected.reverse,
                    limit: expected.limit, continuation: sample,
                    version: expected.hasVersion ? expected.version : nil,
                    contract: index > 1 ? contract : ReadContract(), columns: expected.columns, raw: expected.raw,
                    into: &writer)
            }
            #expect(bytes == (try expected.serializedBytes() as [UInt8]))
            try bytes.withUnsafeBytes { bytes in
                let view = try WireScanRequest.View(bytes)
                #expect(try text(view.table) == expected.table)
                #expect([UInt8](view.prefix) == sample && [UInt8](view.continuation) == sample)
                #expect(view.from.map { [UInt8]($0) } == from)
                #expect(view.to.map { [UInt8]($0) } == to)
                #expect(view.reverse == expected.reverse && view.limit == expected.limit)
                #expect(view.version == (expected.hasVersion ? expected.version : nil))
                #expect(view.columns == expected.columns && view.raw == expected.raw)
                if index > 1 { expectContract(view.contract) } else { expectEnd(view.contract) }
            }
        }
    }

    @Test("a scan's response is the generated one, byte for byte")
    func scanResponse() throws {
        let expected = WireScanResponse.with {
            $0.tableID = 5
            $0.schemaRevision = 129
            $0.rows = samples.flatMap { key in
                samples.map { message in
                    .with {
                        $0.key = .init(key)
                        $0.message = .init(message)
                    }
                }
            }
            $0.continuation = .init([9, 9])
            $0.freshness = -1
            $0.version = 3
        }
        let bytes = written { writer in
            WireScanResponse.append(tableID: 5, schemaRevision: 129, to: &writer)
            for key in samples {
                for message in samples {
                    key.withUnsafeBytes { key in
                        message.withUnsafeBytes { WireScanResponse.append(key: key, message: $0, to: &writer) }
                    }
                }
            }
            WireScanResponse.append(continuation: [9, 9], freshness: -1, version: 3, to: &writer)
        }
        #expect(bytes == (try expected.serializedBytes() as [UInt8]))
        try bytes.withUnsafeBytes { bytes in
            var reader = try WireScanResponse.Reader(bytes)
            #expect(reader.tableID == 5 && reader.schemaRevision == 129 && reader.rowCount == expected.rows.count)
            #expect([UInt8](reader.continuation) == [9, 9] && reader.freshness == -1 && reader.version == 3)
            for row in expected.rows {
                let nextread = try reader.next()
                let read = try #require(nextread)
                #expect([UInt8](read.key) == [UInt8](row.key))
                #expect([UInt8](read.message) == [UInt8](row.message))
            }
            expectEnd(try reader.next())
        }
    }
}
