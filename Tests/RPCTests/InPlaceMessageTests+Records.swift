import Bytes
import Foundation
import SwiftProtobuf
import Testing

@testable import RPC

extension InPlaceMessageTests {
    @Test("an append's request and response are the generated ones, byte for byte")
    func append() throws {
        let headers = [("a", [UInt8]("b".utf8)), ("", []), ("reason", [0, 255])]
        let expected = WireAppendRequest.with {
            $0.category = "flights"
            $0.records = samples.enumerated().map { index, sample in
                .with {
                    if index % 2 == 0 { $0.key = .init(sample) }
                    $0.value = .init(sample)
                    if index % 3 == 0 {
                        $0.headers = headers.map { name, value in
                            .with {
                                $0.name = name
                                $0.value = .init(value)
                            }
                        }
                    }
                    if index > 2 { $0.bucket = UInt32(index - 3) }
                }
            }
            $0.producer = .with {
                $0.id = .init([1, 0, 255])
                $0.epoch = 7
                $0.sequence = 1 << 40
            }
        }
        let bytes = written { writer in
            WireAppendRequest.append(category: "flights", to: &writer)
            for (index, sample) in samples.enumerated() {
                sample.withUnsafeBytes { sample in
                    WireAppendRequest.append(
                        key: index % 2 == 0 ? sample : nil, value: sample, bucket: index > 2 ? UInt32(index - 3) : nil,
                        to: &writer
                    ) { writer in
                        guard index % 3 == 0 else { return }
                        for (name, value) in headers {
                            [UInt8](name.utf8).withUnsafeBytes { name in
                                value.withUnsafeBytes { WireHeader.append(toAppend: name, value: $0, to: &writer) }
                            }
                        }
                    }
                }
            }
            WireAppendRequest.append(producer: [1, 0, 255], epoch: 7, sequence: 1 << 40, to: &writer)
        }
        #expect(bytes == (try expected.serializedBytes() as [UInt8]))
        try bytes.withUnsafeBytes { bytes in
            var reader = try WireAppendRequest.Reader(bytes)
            #expect(try text(reader.category) == "flights")
            #expect(reader.recordCount == samples.count)
            let producer = try #require(reader.producer)
            #expect([UInt8](producer.id) == [1, 0, 255] && producer.epoch == 7 && producer.sequence == 1 << 40)
            for record in expected.records {
                let nextread = try reader.next()
                var read = try #require(nextread)
                #expect(read.key.map { [UInt8]($0) } == (record.hasKey ? [UInt8](record.key) : nil))
                #expect([UInt8](read.value) == [UInt8](record.value))
                #expect(read.bucket == (record.hasBucket ? record.bucket : nil))
                for header in record.headers {
                    let next = try read.headers.next()
                    let (name, value) = try #require(next)
                    #expect(try text(name) == header.name)
                    #expect([UInt8](value) == [UInt8](header.value))
                }
                expectEnd(try read.headers.next())
            }
            expectEnd(try reader.next())
        }
        let response = written { writer in
            WireAppendResponse.append(bucket: 0, end: 0, to: &writer)
            WireAppendResponse.append(bucket: 7, end: .max, to: &writer)
        }
        let expectedResponse = WireAppendResponse.with {
            $0.ends = [
                WireBucketEnd(),
                .with {
                    $0.bucket = 7
                    $0.offset = .max
                },
            ]
        }
        #expect(response == (try expectedResponse.serializedBytes() as [UInt8]))
        try response.withUnsafeBytes { bytes in
            var reader = WireAppendResponse.Reader(bytes)
            let ends = [try reader.next(), try reader.next()]
            #expect(ends.map { $0?.bucket } == [0, 7])
            #expect(ends.map { $0?.end } == [0, .max])
            expectEnd(try reader.next())
        }
    }

    @Test("a read's request and response are the generated ones, byte for byte")
    func read() throws {
        let request = WireReadRequest.with {
            $0.category = "flights"
            $0.bucket = 3
            $0.offset = -1
            $0.maxRecords = 1000
            $0.waitMilliseconds = 500
        }
        let bytes = written {
            WireReadRequest.append(
                category: "flights", bucket: 3, offset: -1, maximumRecords: 1000, waitMilliseconds: 500, to: &$0)
        }
        #expect(bytes == (try request.serializedBytes() as [UInt8]))
        try bytes.withUnsafeBytes { bytes in
            let view = try WireReadRequest.View(bytes)
            #expect(
                view.bucket == 3 && view.offset == -1 && view.maximumRecords == 1000 && view.waitMilliseconds == 500)
        }
        let expected = WireReadResponse.with {
            $0.records = samples.enumerated().map { index, sample in
                .with {
                    $0.offset = Int64(index)
                    $0.appendTime = 1_356_998_400_000_000
                    if index % 2 == 1 { $0.key = .init(sample) }
                    $0.value = .init(sample)
                    if index == 4 {
                        $0.headers = [
                            .with {
                                $0.name = "h"
                                $0.value = .init([1])
                            }
                        ]
                    }
                }
            }
            $0.nextOffset = 5
            $0.endOffset = 6
        }
        let response = written { writer in
            for (index, sample) in samples.enumerated() {
                sample.withUnsafeBytes { sample in
                    WireReadResponse.append(
                        offset: Int64(index), appendTime: 1_356_998_400_000_000, key: index % 2 == 1 ? sample : nil,
                        value: sample, to: &writer
                    ) { writer in
                        guard index == 4 else { return }
                        [UInt8]("h".utf8).withUnsafeBytes { name in
                            [1 as UInt8].withUnsafeBytes { WireHeader.append(toRead: name, value: $0, to: &writer) }
                        }
                    }
                }
            }
            WireReadResponse.append(nextOffset: 5, endOffset: 6, to: &writer)
        }
        #expect(response == (try expected.serializedBytes() as [UInt8]))
        try response.withUnsafeBytes { bytes in
            var reader = try WireReadResponse.Reader(bytes)
            #expect(reader.recordCount == samples.count && reader.nextOffset == 5 && reader.endOffset == 6)
            for record in expected.records {
                let nextread = try reader.next()
                var read = try #require(nextread)
                #expect(read.offset == record.offset && read.appendTime == record.appendTime)
                #expect(read.key.map { [UInt8]($0) } == (record.hasKey ? [UInt8](record.key) : nil))
                #expect([UInt8](read.value) == [UInt8](record.value))
                for header in record.headers {
                    let next = try read.headers.next()
                    #expect(try next.map { try text($0.name) } == header.name)
                }
            }
        }
    }

    @Test("an upload is the generated one, byte for byte")
    func upload() throws {
        for sample in samples {
            let expected = WireUploadRequest.with {
                $0.load = "load-7"
                $0.file = 12
                $0.offset = 1 << 40
                $0.data = .init(sample)
            }
            let bytes = written { writer in
                sample.withUnsafeBytes {
                    WireUploadRequest.append(load: "load-7", file: 12, offset: 1 << 40, data: $0, to: &writer)
                }
            }
            #expect(bytes == (try expected.serializedBytes() as [UInt8]))
            try bytes.withUnsafeBytes { bytes in
                let view = try WireUploadRequest.View(bytes)
                #expect(view.file == 12 && view.offset == 1 << 40 && [UInt8](view.data) == sample)
            }
        }
    }

    @Test("hostile bytes are refused or read, and never leave their buffer")
    func hostileBytes() throws {
        var generator = SystemRandomNumberGenerator()
        let seed =
            try WireAppendRequest.with {
                $0.category = "c"
                $0.records = [
                    .with {
                        $0.key = .init([1, 2])
                        $0.value = .init([3])
                        $0.headers = [.with { $0.name = "n" }]
                    }
                ]
            }.serializedBytes() as [UInt8]
        for round in 0..<2000 {
            var bytes = round % 2 == 0 ? seed : (0..<Int.random(in: 0..<40)).map { _ in UInt8.random(in: 0...255) }
            if !bytes.isEmpty { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255, using: &generator) }
            bytes.withUnsafeBytes { bytes in
                if var reader = try? WireAppendRequest.Reader(bytes) {
                    while var record = try? reader.next() { while (try? record.headers.next()) != nil {} }
                }
                var get = WireGetRequest.Reader(bytes)
                while var table = try? get.next() { while table.nextKey() != nil {} }
                var response = WireGetResponse.Reader(bytes)
                while var table = try? response.next() { while (try? table.nextRow()) != nil {} }
                if var scan = try? WireScanResponse.Reader(bytes) { while (try? scan.next()) != nil {} }
                _ = try? WireScanRequest.View(bytes)
                if var read = try? WireReadResponse.Reader(bytes) { while (try? read.next()) != nil {} }
            }
        }
    }
}
