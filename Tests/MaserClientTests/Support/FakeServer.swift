import Bytes
import Foundation
import NIOCore
import NIOPosix
import Synchronization

@testable import MaserClient
@testable import RPC
@testable import Records

/// A server with two tables and a category in memory, which can be told to misbehave.
final class FakeServer: RequestHandler {
    struct State {
        var revision: UInt32 = 1
        var routes: [[UInt8]: [UInt8]] = [:]
        var airports: [[UInt8]: [UInt8]] = [:]
        var log: [[UInt8]] = []
        /// Of producers: id, epoch and sequence.
        var landed: Set<AppendNumber> = []
        var epoch: UInt32 = 0
        var requests: [RPC.Operation] = []
        /// Refuse so many requests as overloaded.
        var overloads = 0
        /// Cut the connection instead of answering so many requests, after doing what they ask for.
        var cuts = 0
        /// Say of so many appends, after doing them, that the disk failed.
        var failures = 0
        /// Rows of a page of a scan.
        var pageRows = 3
        /// What answers say where they are asked.
        var freshness: Int64 = 5_000_000
        var version: UInt32 = 3
        /// Refuse so many gets as stale.
        var stale = 0
        /// Of each get, scan and fold.
        var asked: [Asked] = []
        /// Leave so many gets without an answer.
        var holds = 0
        /// Answer nothing at all, pings neither.
        var isSilent = false
        /// So that their connections do not wait for answers when the server is stopped.
        var held: [Responder] = []
        /// The number of connections that asked for anything.
        var connections: Set<ObjectIdentifier> = []
    }

    /// What came with keys.
    struct Asked: Equatable {
        var staleness: UInt32?
        var positions: [CategoryPosition] = []
        var wantsFreshness = false
        var version: UInt32?
        var columns: [UInt32] = []
    }

    let state = Mutex(State())
    private let listener = Mutex<RPCListener?>(nil)

    static let group = MultiThreadedEventLoopGroup.singleton

    static let routeLayout = RowLayout(
        columns: [(1, "flights", .int64), (2, "mean_delay", .double), (5, "note", .string), (6, "photo", .bytes)])
    static let airportLayout = RowLayout(columns: [(1, "name", .string), (2, "lat", .double)])

    // MARK: Life

    static func start(port: Int = 0) async throws -> FakeServer {
        let server = FakeServer()
        try await server.listen(port: port)
        return server
    }

    func listen(port: Int) async throws {
        let listener = try await RPCListener.start(
            host: "127.0.0.1", port: port, security: .plaintextOnLoopback, group: Self.group, handler: self)
        self.listener.withLock { $0 = listener }
    }

    var port: Int { listener.withLock { $0?.port ?? 0 } }

    func stop() async {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for responder in held { responder.fail(RPCError(.unavailable)) }
        await listener.withLock { $0 }?.drain()
    }

    func client(
        connections: Int = 2, timeout: Duration = .seconds(5), hedging: Hedging? = nil,
        healthChecks: HealthChecks = HealthChecks()
    ) async throws -> Client {
        try await Client.connect(
            ClientConfiguration(
                endpoint: Endpoint(host: "127.0.0.1", port: port), security: .plaintext, connections: connections,
                timeout: timeout, hedging: hedging, healthChecks: healthChecks))
    }

    // MARK: Contents

    static func key(_ values: Value...) throws -> [UInt8] {
        var writer = ByteWriter()
        try encodeKey(values, into: &writer)
        return writer.bytes
    }

    static func message(_ layout: RowLayout, _ values: [Value]) -> [UInt8] {
        var writer = ByteWriter()
        layout.encode(values, into: &writer)
        return writer.bytes
    }

    func put(_ origin: String, _ dest: String, _ day: Int64, _ flights: Int64, _ delay: Value = .null) throws {
        let key = try Self.key(.string(origin), .string(dest), .timestamp(day))
        let row = Self.message(Self.routeLayout, [.int64(flights), delay, .null, .bytes([1, 2])])
        state.withLock { $0.routes[key] = row }
    }

    func put(_ faa: String, _ name: String) throws {
        let key = try Self.key(.string(faa))
        let row = Self.message(Self.airportLayout, [.string(name), .double(40.5)])
        state.withLock { $0.airports[key] = row }
    }

    func count(_ operation: RPC.Operation) -> Int {
        state.withLock { state in state.requests.count { $0 == operation } }
    }

    // MARK: Answers

    func handle(_ burst: RequestBurst) {
        for request in burst.requests {
            let mode = state.withLock { state in
                state.requests.append(request.operation)
                state.connections.insert(ObjectIdentifier(burst.connection))
                if state.isSilent || (state.holds > 0 && request.operation == .get) {
                    if !state.isSilent { state.holds -= 1 }
                    return 3
                }
                if state.overloads > 0 {
                    state.overloads -= 1
                    return 1
                }
                if state.cuts > 0 && request.operation != .describeTable {
                    state.cuts -= 1
                    return 2
                }
                return 0
            }
            if mode == 1 {
                burst.fail(request, RPCError(.overloaded))
                continue
            }
            if mode == 3 {
                let responder = burst.deferred(request)
                state.withLock { $0.held.append(responder) }
                continue
            }
            burst.answer(request) { writer throws(RPCError) in
                do {
                    try state.withLock { state in try answer(request, &state, &writer) }
                } catch let error as RPCError {
                    throw error
                } catch {
                    throw RPCError(.internal, "\(error)")
                }
            }
            if mode == 2 {
                burst.connection.outgoing.removeAll()
                burst.connection.eventLoop.execute { [connection = burst.connection] in connection.close() }
            }
        }
    }

    private func answer(_ request: Request, _ state: inout State, _ writer: inout ByteWriter) throws {
        switch request.operation {
        case .ping: break
        case .describeTable:
            let wanted: WireDescribeTableRequest = try request.decoded()
            try writer.append(message: descriptor(wanted.table, state))
        case .get:
            let wanted: WireGetRequest = try request.decoded()
            for table in wanted.tables {
                let asked = Asked(
                    wanted.contract, version: table.hasVersion ? table.version : nil, columns: table.columns)
                state.asked.append(asked)
                if let version = asked.version, version != state.version { throw RPCError(.versionGone) }
                if state.stale > 0 {
                    state.stale -= 1
                    throw RPCError(.stale, "table \(table.table) is 700 ms behind")
                }
                let (id, rows) = try rows(table.table, state)
                WireGetResponse.append(
                    tableID: id, schemaRevision: state.revision,
                    freshness: asked.wantsFreshness ? state.freshness : nil, version: state.version, to: &writer
                ) { writer in
                    for key in table.keys {
                        if let row = rows[[UInt8](key)] {
                            let row = asked.columns.isEmpty ? row : Self.projected(row, to: asked.columns)
                            row.withUnsafeBytes { WireRow.append($0, to: &writer) }
                        } else {
                            WireRow.append(nil, to: &writer)
                        }
                    }
                }
            }
        case .scan: try scan(try request.decoded(), &state, &writer)
        case .fold:
            let wanted: WireFoldRequest = try request.decoded()
            state.asked.append(Asked(wanted.contract, version: wanted.hasVersion ? wanted.version : nil))
            let (id, rows) = try rows(wanted.table, state)
            let panes = rows.keys.filter { $0.starts(with: wanted.key) }
            var response = WireFoldResponse()
            response.tableID = id
            response.schemaRevision = state.revision
            response.panes = UInt32(panes.count)
            response.version = state.version
            if wanted.contract.freshness { response.freshness = state.freshness }
            if !panes.isEmpty {
                response.row.message = Data(
                    Self.message(Self.routeLayout, [.int64(Int64(panes.count)), .null, .null, .null]))
            }
            try writer.append(message: response)
        case .append:
            var reader = try WireAppendRequest.Reader(request.message)
            guard try text(reader.category) == "flights" else { throw RPCError(.notFound, "there is no category") }
            let number = reader.producer.map {
                AppendNumber(id: [UInt8]($0.id), epoch: $0.epoch, sequence: $0.sequence)
            }
            if let number, number.id == [UInt8]("importer".utf8), number.epoch < state.epoch { throw RPCError(.fenced) }
            if number.map({ state.landed.insert($0).inserted }) != false {
                while let record = try reader.next() { state.log.append([UInt8](record.value)) }
            }
            if state.failures > 0 {
                state.failures -= 1
                throw RPCError(.storageFailure)
            }
            WireAppendResponse.append(bucket: 0, end: Int64(state.log.count), to: &writer)
        case .openProducer:
            state.epoch += 1
            var response = WireOpenProducerResponse()
            response.epoch = state.epoch
            try writer.append(message: response)
        case .read:
            let view = try WireReadRequest.View(request.message)
            let end = min(Int64(state.log.count), view.offset + 2)
            for offset in view.offset..<max(end, view.offset) {
                state.log[Int(offset)].withUnsafeBytes {
                    WireReadResponse.append(
                        offset: offset, appendTime: 7, key: nil, value: $0, to: &writer
                    ) { writer in
                        [UInt8]("h".utf8).withUnsafeBytes { name in
                            [9 as UInt8].withUnsafeBytes { WireHeader.append(toRead: name, value: $0, to: &writer) }
                        }
                    }
                }
            }
            WireReadResponse.append(
                nextOffset: max(end, view.offset), endOffset: Int64(state.log.count), to: &writer)
        case .seek:
            let wanted: WireSeekRequest = try request.decoded()
            var response = WireSeekResponse()
            response.offsets = [
                wanted.latest == WireEmpty() && wanted.to == .latest(WireEmpty()) ? Int64(state.log.count) : 0
            ]
            try writer.append(message: response)
        default: throw RPCError(.unknownOperation)
        }
    }

    private func rows(_ name: String, _ state: State) throws -> (UInt32, [[UInt8]: [UInt8]]) {
        switch name {
        case "delay_by_route": (1, state.routes)
        case "airports": (2, state.airports)
        default: throw RPCError(.notFound, "there is no table \"\(name)\"")
        }
    }

    /// The continuation has the version and how many rows are done.
    private func scan(_ wanted: WireScanRequest, _ state: inout State, _ writer: inout ByteWriter) throws {
        state.asked.append(
            Asked(wanted.contract, version: wanted.hasVersion ? wanted.version : nil, columns: wanted.columns))
        let (id, rows) = try rows(wanted.table, state)
        let version = wanted.continuation.first.map { UInt32($0) } ?? (wanted.hasVersion ? wanted.version : nil)
        if let version, version != state.version { throw RPCError(.versionGone) }
        let prefix = [UInt8](wanted.prefix)
        let lower = prefix + [UInt8](wanted.from)
        let upper = wanted.hasTo ? prefix + [UInt8](wanted.to) : nil
        var keys = rows.keys.filter { key in
            key.starts(with: prefix) && !key.lexicographicallyPrecedes(lower)
                && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
        }.sorted { $0.lexicographicallyPrecedes($1) }
        if wanted.reverse { keys.reverse() }
        let skipped = wanted.continuation.dropFirst().first.map { Int($0) } ?? 0
        let count = min(keys.count - skipped, state.pageRows, wanted.limit == 0 ? .max : Int(wanted.limit))
        WireScanResponse.append(tableID: id, schemaRevision: state.revision, to: &writer)
        for key in keys[skipped..<skipped + count] {
            key.withUnsafeBytes { bytes in
                rows[key]?.withUnsafeBytes { WireScanResponse.append(key: bytes, message: $0, to: &writer) }
            }
        }
        let next = skipped + count
        WireScanResponse.append(
            continuation: next < keys.count ? [UInt8(state.version), UInt8(next)] : [],
            freshness: wanted.contract.freshness ? state.freshness : nil, version: state.version, to: &writer)
    }

    /// A row's message with the columns of these numbers alone.
    private static func projected(_ row: [UInt8], to numbers: [UInt32]) -> [UInt8] {
        guard let values = try? row.withUnsafeBytes({ try routeLayout.decode($0) }) else { return row }
        return message(
            routeLayout,
            zip(routeLayout.fields, values).map { numbers.contains(UInt32($0.number)) ? $1 : .null })
    }

    private func descriptor(_ name: String, _ state: State) throws -> WireTableDescriptor {
        let (id, _) = try rows(name.lowercased(), state)
        func column(_ name: String, _ type: ValueType, _ number: Int = 0) -> WireColumnDescriptor {
            var column = WireColumnDescriptor()
            (column.name, column.type, column.number) = (name, type.rawValue, UInt32(number))
            return column
        }
        let layout = id == 1 ? Self.routeLayout : Self.airportLayout
        var descriptor = WireTableDescriptor()
        descriptor.id = id
        descriptor.name = name.lowercased()
        descriptor.schemaRevision = state.revision
        descriptor.keyColumns =
            id == 1
            ? [column("origin", .string), column("dest", .string), column("window_start", .timestamp)]
            : [column("faa", .string)]
        descriptor.columns = layout.fields.map { column($0.name, $0.type, $0.number) }
        descriptor.paneMicroseconds = id == 1 ? 86_400_000_000 : 0
        return descriptor
    }
}

extension FakeServer.Asked {
    init(_ contract: WireReadContract, version: UInt32?, columns: [UInt32] = []) {
        self.init(
            staleness: contract.hasMaxStalenessMilliseconds ? contract.maxStalenessMilliseconds : nil,
            positions: contract.waitFor.map {
                CategoryPosition(category: $0.category, bucket: Int($0.bucket), offset: $0.offset)
            }, wantsFreshness: contract.freshness, version: version, columns: columns)
    }
}
