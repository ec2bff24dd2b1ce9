import Bytes
import Foundation
import Fuzzing
import SwiftProtobuf
import Testing

@testable import RPC

/// Where the generated code can read a message, what is read in place is the same. tools/fuzz runs this for longer.
@Suite("Messages that chance makes")
struct MessageFuzzTests {
    /// What a message says, by the generated code and in place; nil where it cannot be read.
    private typealias Readings = (generated: [String]?, inPlace: [String]?)

    private static let seeds: [any Message] = [
        WireGetRequest.with {
            $0.tables = [
                .with {
                    $0.table = "cities"
                    $0.keys = [.init([2, 65, 0]), .init()]
                    $0.version = 7
                    $0.columns = [1, 300]
                    $0.raw = true
                }, .with { $0.table = "other" },
            ]
            $0.contract = .with {
                $0.maxStalenessMilliseconds = 5
                $0.waitFor = [.with { $0.category = "flights" }]
                $0.freshness = true
            }
        },
        WireScanRequest.with {
            $0.table = "cities"
            $0.prefix = .init([1])
            $0.from = .init()
            $0.to = .init([2])
            $0.reverse = true
            $0.limit = 9
            $0.continuation = .init([3])
            $0.version = 1
        },
        WireAppendRequest.with {
            $0.category = "flights"
            $0.records = [
                .with {
                    $0.key = .init([1])
                    $0.value = .init([2])
                    $0.headers = [.with { $0.name = "n" }]
                    $0.bucket = 3
                }, .init(),
            ]
            $0.producer = .with {
                $0.id = .init([9])
                $0.epoch = 2
                $0.sequence = .max
            }
        },
        WireReadRequest.with {
            $0.category = "flights"
            $0.bucket = 1
            $0.offset = -1
            $0.maxRecords = 5
            $0.waitMilliseconds = 6
        },
        WireUploadRequest.with {
            $0.load = "l"
            $0.file = 1
            $0.offset = 1 << 40
            $0.data = .init([1, 2])
        },
    ]

    @Test("what is read in place is what the generated code reads")
    func requests() throws {
        let seeds = try Self.seeds.map { try $0.serializedBytes() as [UInt8] }
        let tags: [[UInt8]] = [
            [0x0a, 0], [0x12, 0], [0x1a, 0], [0x18, 1], [0x22, 1, 7], [0x20, 7], [0x28, 1], [0x40, 1], [0x0b, 0x0c],
            [0x9a, 0x01, 0],
        ]
        let fuzzer = Fuzzer("messages", corpus: try Corpus.load("messages") + seeds, dictionary: tags, rounds: 4000)
        try fuzzer.run { input, _ in
            var isAccepted = false
            for readings in [gets(input), scans(input), appends(input), reads(input), uploads(input)] {
                guard let inPlace = readings.inPlace else { continue }
                isAccepted = true
                guard let generated = readings.generated else { continue }
                try hold(generated == inPlace, "generated \(generated), in place \(inPlace)")
            }
            // Nothing that a response's readers meet takes them beyond their buffer.
            input.withUnsafeBytes { bytes in
                var gets = WireGetResponse.Reader(bytes)
                while var table = try? gets.next() { while (try? table.nextRow()) != nil {} }
                if var scan = try? WireScanResponse.Reader(bytes) { while (try? scan.next()) != nil {} }
                if var read = try? WireReadResponse.Reader(bytes) {
                    while var record = try? read.next() { while (try? record.headers.next()) != nil {} }
                }
                var ends = WireAppendResponse.Reader(bytes)
                while (try? ends.next()) != nil {}
            }
            return isAccepted
        }
    }

    private func gets(_ input: [UInt8]) -> Readings {
        let generated = (try? WireGetRequest(serializedBytes: input)).map { request in
            request.tables.flatMap { table in
                [
                    table.table, "\(table.hasVersion ? table.version : nil as UInt32?)", "\(table.columns)",
                    "\(table.raw)",
                ]
                    + table.keys.map { [UInt8]($0).hexadecimal }
            }
        }
        let inPlace: [String]? = input.withUnsafeBytes { bytes in
            var reader = WireGetRequest.Reader(bytes)
            var said: [String] = []
            do {
                while var table = try reader.next() {
                    said += [try text(table.table), "\(table.version)", "\(try table.columns())", "\(table.raw)"]
                    var count = 0
                    while let key = table.nextKey() {
                        said.append([UInt8](key).hexadecimal)
                        count += 1
                    }
                    if count != table.keyCount { said.append("\(table.keyCount) keys were promised") }
                }
                return said
            } catch {
                return nil
            }
        }
        return (generated, inPlace)
    }

    private func scans(_ input: [UInt8]) -> Readings {
        let generated = (try? WireScanRequest(serializedBytes: input)).map { request in
            [
                request.table, [UInt8](request.prefix).hexadecimal, "\(request.hasFrom ? [UInt8](request.from) : nil)",
                "\(request.hasTo ? [UInt8](request.to) : nil)", "\(request.reverse) \(request.limit)",
                [UInt8](request.continuation).hexadecimal,
            ]
        }
        let inPlace: [String]? = input.withUnsafeBytes { bytes in
            guard let view = try? WireScanRequest.View(bytes), let table = try? text(view.table) else { return nil }
            return [
                table, [UInt8](view.prefix).hexadecimal, "\(view.from.map { [UInt8]($0) })",
                "\(view.to.map { [UInt8]($0) })", "\(view.reverse) \(view.limit)",
                [UInt8](view.continuation).hexadecimal,
            ]
        }
        return (generated, inPlace)
    }

    private func appends(_ input: [UInt8]) -> Readings {
        let generated = (try? WireAppendRequest(serializedBytes: input)).map { request in
            [request.category]
                + request.records.flatMap { record in
                    [
                        "\(record.hasKey ? [UInt8](record.key) : nil)", [UInt8](record.value).hexadecimal,
                        "\(record.hasBucket ? record.bucket : nil as UInt32?)",
                    ] + record.headers.map { "\($0.name) \([UInt8]($0.value))" }
                }
        }
        let inPlace: [String]? = input.withUnsafeBytes { bytes in
            do {
                var reader = try WireAppendRequest.Reader(bytes)
                var said = [try text(reader.category)]
                while var record = try reader.next() {
                    said += [
                        "\(record.key.map { [UInt8]($0) })", [UInt8](record.value).hexadecimal, "\(record.bucket)",
                    ]
                    while let header = try record.headers.next() {
                        said.append("\(try text(header.name)) \([UInt8](header.value))")
                    }
                }
                return said
            } catch {
                return nil
            }
        }
        return (generated, inPlace)
    }

    private func reads(_ input: [UInt8]) -> Readings {
        let generated = (try? WireReadRequest(serializedBytes: input)).map { request in
            [request.category, "\(request.bucket) \(request.offset) \(request.maxRecords) \(request.waitMilliseconds)"]
        }
        let inPlace: [String]? = input.withUnsafeBytes { bytes in
            guard let view = try? WireReadRequest.View(bytes), let category = try? text(view.category) else {
                return nil
            }
            return [category, "\(view.bucket) \(view.offset) \(view.maximumRecords) \(view.waitMilliseconds)"]
        }
        return (generated, inPlace)
    }

    private func uploads(_ input: [UInt8]) -> Readings {
        let generated = (try? WireUploadRequest(serializedBytes: input)).map { request in
            [request.load, "\(request.file) \(request.offset)", [UInt8](request.data).hexadecimal]
        }
        let inPlace: [String]? = input.withUnsafeBytes { bytes in
            guard let view = try? WireUploadRequest.View(bytes), let load = try? text(view.load) else { return nil }
            return [load, "\(view.file) \(view.offset)", [UInt8](view.data).hexadecimal]
        }
        return (generated, inPlace)
    }
}
