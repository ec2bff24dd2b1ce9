import BulkLoad
import Bytes
import Catalog
import Foundation
import NIOCore
import NIOPosix
import RPC
import SwiftProtobuf
import Testing

@testable import Server

/// Grants, over a connection, for every operation that there is.
@Suite(.serialized) struct AccessTests {
    typealias Operation = RPC.Operation

    /// A server without TLS, where nobody has a name: its lines are for everybody.
    final class Fixture {
        let stores: ControlPlaneTests.Fixture
        let book: GrantBook
        let dispatcher: Dispatcher
        let listener: RPCListener
        let connection: ClientConnection

        init(_ lines: String) async throws {
            stores = try ControlPlaneTests.Fixture()
            _ = try stores.deploy(ControlPlaneTests.counts)
            _ = try stores.deploy("CREATE TABLE airports (faa STRING, name STRING) PRIMARY KEY (faa);")
            book = GrantBook(try GrantsFile.parse(lines, file: "grants"))
            dispatcher = Dispatcher(stores.engine, group: MultiThreadedEventLoopGroup.singleton, grants: book)
            listener = try await RPCListener.start(
                host: "127.0.0.1", port: 0, security: .plaintextOnLoopback,
                group: MultiThreadedEventLoopGroup.singleton, handler: dispatcher)
            connection = try await Self.connect(to: listener)
        }

        static func connect(to listener: RPCListener) async throws -> ClientConnection {
            try await RPCDialer(
                host: "127.0.0.1", port: listener.port, security: .plaintext,
                group: MultiThreadedEventLoopGroup.singleton
            ).connect()
        }

        func grant(_ lines: String) throws {
            book.replace(with: try GrantsFile.parse(lines, file: "grants"))
            dispatcher.grantsChanged()
        }

        func close() async {
            connection.close()
            dispatcher.endWaiting()
            await listener.drain()
            await dispatcher.close()
        }

        /// The failure that a request meets; nil: none.
        func failure(_ operation: Operation) async throws -> RPCError? {
            let message = try message(for: operation)
            do {
                _ = try await connection.request(operation, deadline: .now() + .seconds(10)) {
                    $0.append(contentsOf: message)
                }
                return nil
            } catch {
                return error
            }
        }

        func answer<Answer: Message>(_ operation: Operation, as type: Answer.Type = Answer.self) async throws -> Answer
        {
            let message = try message(for: operation)
            let bytes = try await connection.request(operation) { $0.append(contentsOf: message) }
            return try Answer(serializedBytes: [UInt8](bytes.readableBytesView))
        }

        /// A request that does no harm where it is allowed. A new operation belongs here, and in `Operation.demand`.
        private func message(for operation: Operation) throws -> [UInt8] {
            let (table, category) = ("by_word", "words")
            let airports = try #require(stores.engine.catalog.snapshot.table(named: "airports"))
            let load = "t\(airports.id)-0000000000000000"
            var writer = ByteWriter()
            let message: any Message
            switch operation {
            case .hello, .ping: return []
            case .get:
                WireGetRequest.append(table: table, keys: [], to: &writer)
                return writer.bytes
            case .scan: message = WireScanRequest.with { $0.table = table }
            case .fold: message = WireFoldRequest.with { $0.table = table }
            case .append: message = WireAppendRequest.with { $0.category = category }
            case .openProducer:
                message = WireOpenProducerRequest.with {
                    $0.category = category
                    $0.id = Data("p".utf8)
                }
            case .read: message = WireReadRequest.with { $0.category = category }
            case .seek: message = WireSeekRequest.with { $0.category = category }
            case .describeCategory: message = WireDescribeCategoryRequest.with { $0.category = category }
            case .listCategories: message = WireListCategoriesRequest()
            case .describeTable: message = WireDescribeTableRequest.with { $0.table = table }
            case .listTables: message = WireListTablesRequest()
            case .deploy:
                message = WireDeployRequest.with {
                    $0.sql = "CREATE TABLE another (k STRING, v STRING) PRIMARY KEY (k);"
                    $0.dryRun = true
                }
            case .deleteApp: message = WireDeleteAppRequest.with { $0.app = "none" }
            case .listApps: message = WireListAppsRequest()
            case .status: message = WireStatusRequest()
            case .stopApp: message = WireStopAppRequest.with { $0.app = "none" }
            case .startApp: message = WireStartAppRequest.with { $0.app = "counts" }
            case .backfill: message = WireBackfillRequest.with { $0.table = "airports" }
            case .beginLoad:
                let manifest = try stores.build(csv: "faa,name\nJFK,Kennedy\n", for: "airports").bytes
                message = WireBeginLoadRequest.with { $0.manifest = Data(manifest) }
            case .upload: message = WireUploadRequest.with { $0.load = load }
            case .finishLoad: message = WireFinishLoadRequest.with { $0.load = load }
            case .abortLoad: message = WireAbortLoadRequest.with { $0.load = load }
            case .loadDescriptor: message = WireLoadDescriptorRequest.with { $0.table = "airports" }
            case .rollback: message = WireRollbackRequest.with { $0.table = table }
            case .dropVersion: message = WireDropVersionRequest.with { $0.table = table }
            case .cut: message = WireCutRequest.with { $0.category = category }
            }
            return try message.serializedBytes()
        }
    }

    private static let served = Operation.allCases.filter { $0 != .hello }

    @Test func withoutAGrantNoOperationDoesOrShowsAnything() async throws {
        let fixture = try await Fixture("# nobody may do anything")
        for operation in Self.served {
            let failure = try await fixture.failure(operation)
            switch operation.demand {
            case .nothing, .visibleOnly: #expect(failure == nil, "\(operation)")
            case .anyRight, .right:
                #expect(failure?.code == .forbidden, "\(operation): \(failure?.message ?? "done")")
                #expect(failure?.isRetriable == false)
                #expect(failure?.message.hasPrefix("a caller without a name may not ") == true)
            }
        }
        #expect(try await fixture.answer(.listTables, as: WireListTablesResponse.self).tables.isEmpty)
        #expect(try await fixture.answer(.listCategories, as: WireListCategoriesResponse.self).categories.isEmpty)
        #expect(try await fixture.answer(.listApps, as: WireListAppsResponse.self).apps.isEmpty)
        let status: WireStatusResponse = try await fixture.answer(.status)
        #expect(status.tables.isEmpty && status.apps.isEmpty)
        #expect(status.categories.isEmpty && status.categoryStatuses.isEmpty)
        await fixture.close()
    }

    @Test func everyOperationIsServedToWhoeverHasItsRightAndToNobodyElse() async throws {
        let fixture = try await Fixture("")
        for right in Right.allCases {
            let tables = right == .append ? "" : "* \(right.rawValue) table *\n"
            let categories = right == .load ? "" : "* \(right.rawValue) category *\n"
            try fixture.grant(tables + categories)
            for operation in Self.served {
                let isServed =
                    switch operation.demand {
                    case .nothing, .visibleOnly: true
                    case .anyRight: operation == .describeTable ? !tables.isEmpty : !categories.isEmpty
                    case .right(let needed): Rights(right).allows(needed)
                    }
                let failure = try await fixture.failure(operation)
                #expect(
                    (failure?.code != .forbidden) == isServed,
                    "\(operation) with \(right): \(failure?.message ?? "done")")
            }
        }
        await fixture.close()
    }

    @Test func aGrantThatIsRemovedIsGoneForTheNextRequestOfAnOpenConnection() async throws {
        let fixture = try await Fixture("* read table by_word")
        #expect(try await fixture.failure(.get) == nil)
        try fixture.grant("* read table others")
        #expect(
            try await fixture.failure(.get)?.message
                == "a caller without a name may not read table by_word; a line `* read table by_word` in the server's grants "
                + "file would allow it")
        try fixture.grant("* read *")
        #expect(try await fixture.failure(.get) == nil)
        await fixture.close()
    }

    @Test func aReadThatWaitsForRecordsEndsWhenItsGrantIsRemoved() async throws {
        let fixture = try await Fixture("* read category words")
        let connection = fixture.connection
        let waiting = Task {
            let request = WireReadRequest.with {
                $0.category = "words"
                $0.waitMilliseconds = 60_000
            }
            do throws(RPCError) {
                let _: WireReadResponse = try await connection.request(.read, request)
                return RPCError?.none
            } catch {
                return error
            }
        }
        // Requests of one connection are taken in their order: the read waits, or is looked at again, when this is answered.
        while connection.pendingCount == 0 { await Task.yield() }
        #expect(try await fixture.failure(.ping) == nil)
        try fixture.grant("* read table by_word")
        #expect(await waiting.value?.code == .forbidden)
        await fixture.close()
    }

    @Test func listsShowWhatTheCallerMaySee() async throws {
        let fixture = try await Fixture("* load table airports\n* append category words")
        #expect(
            try await fixture.answer(.listTables, as: WireListTablesResponse.self).tables.map(\.name) == ["airports"])
        #expect(
            try await fixture.answer(.listCategories, as: WireListCategoriesResponse.self).categories.map(\.name)
                == ["words"])
        #expect(try await fixture.answer(.listApps, as: WireListAppsResponse.self).apps.isEmpty)
        #expect(try await fixture.answer(.status, as: WireStatusResponse.self).tables.map(\.name) == ["airports"])
        try fixture.grant("* read table by_word")
        let apps = try await fixture.answer(.listApps, as: WireListAppsResponse.self).apps
        #expect(apps.map(\.name) == ["counts"])
        #expect(apps.first?.sql == "")
        try fixture.grant("* admin table by_word")
        #expect(try await fixture.answer(.listApps, as: WireListAppsResponse.self).apps.first?.sql != "")
        await fixture.close()
    }

    @Test func aNameThatNobodyHasIsForbiddenLikeOneThatIsTaken() async throws {
        let fixture = try await Fixture("* read table mine_*")
        func code(_ table: String) async -> ErrorCode? {
            do throws(RPCError) {
                let _: WireTableDescriptor = try await fixture.connection.request(
                    .describeTable, WireDescribeTableRequest.with { $0.table = table })
                return nil
            } catch {
                return error.code
            }
        }
        #expect(await code("by_word") == .forbidden)
        #expect(await code("nothing") == .forbidden)
        #expect(await code("mine_too") == .notFound)
        await fixture.close()
    }

    @Test func aDeployNeedsAdminOfWhatItMakesAndChangesAndReadOfWhatItReads() async throws {
        let fixture = try await Fixture("")
        func deploy(_ sql: String) async -> RPCError? {
            do throws(RPCError) {
                let _: WireDeployResponse = try await fixture.connection.request(
                    .deploy,
                    WireDeployRequest.with {
                        $0.sql = sql
                        $0.dryRun = true
                    })
                return nil
            } catch {
                return error
            }
        }
        let lengths = """
            CREATE APPLICATION lengths;
            CREATE INPUT TABLE words (word STRING) FROM CATEGORY 'words';
            CREATE TABLE lengths AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;
            """
        #expect(await deploy(lengths)?.message.contains("* admin *") == true)
        try fixture.grant("* admin table lengths")
        #expect(await deploy(lengths)?.message.contains("may not read category words") == true)
        try fixture.grant("* admin table lengths\n* read category words")
        #expect(await deploy(lengths) == nil)
        try fixture.grant("* admin table others\n* read category words")
        #expect(await deploy(lengths)?.message.contains("may not administer table lengths") == true)
        // What an app filled until now is somebody's, though the new file leaves it out.
        let other = """
            CREATE APPLICATION counts;
            CREATE INPUT TABLE words (word STRING) FROM CATEGORY 'words';
            CREATE TABLE mine AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;
            """
        try fixture.grant("* admin table mine\n* read category words")
        #expect(await deploy(other)?.message.contains("may not administer table by_word") == true)
        await fixture.close()
    }

    @Test func aQuotaIsACallersOverAllItsConnections() async throws {
        let fixture = try await Fixture("* read *\n* limit requests=10")
        let other = try await Fixture.connect(to: fixture.listener)
        var served = 0
        var refusal: RPCError?
        for round in 0..<200 where refusal == nil {
            let connection = round % 2 == 0 ? fixture.connection : other
            do throws(RPCError) {
                let _: WireListTablesResponse = try await connection.request(.listTables, WireListTablesRequest())
                served += 1
            } catch {
                refusal = error
            }
        }
        #expect(served >= 10)
        #expect(refusal?.code == .overloaded)
        #expect(refusal?.isRetriable == true)
        #expect(
            refusal?.message.hasPrefix("a caller without a name has used its quota of 10 requests a second; ") == true,
            "\(refusal?.message ?? "")")
        // A client still learns that its connection lives.
        #expect(try await fixture.failure(.ping) == nil)
        try fixture.grant("* read *")
        for _ in 0..<20 { #expect(try await fixture.failure(.listTables) == nil) }
        other.close()
        await fixture.close()
    }

    @Test func bytesOfAnswersCountToo() async throws {
        let fixture = try await Fixture("* read *\n* limit bytes=2KB")
        var refusal: RPCError?
        for _ in 0..<200 where refusal == nil { refusal = try await fixture.failure(.listTables) }
        #expect(refusal?.code == .overloaded)
        #expect(refusal?.message.contains("its quota of 2000 bytes a second") == true, "\(refusal?.message ?? "")")
        await fixture.close()
    }
}
