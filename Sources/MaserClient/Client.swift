internal import Bytes
internal import NIOCore
internal import NIOPosix
internal import RPC
internal import SwiftProtobuf
internal import Synchronization

/// A client of one Maser server. One is enough for a whole program: it is shared by any number of tasks, which
/// share its connections.
///
/// ```swift
/// let client = try await Client.connect(
///     ClientConfiguration(
///         endpoint: try Endpoint("maser.internal:7420"),
///         security: .tls(ca: "ca.pem", certificate: "client.pem", key: "client.key")))
/// let routes = try await client.table("delay_by_route", as: Route.self)
/// let route = try await routes.get("EWR", "SFO", day)
/// ```
///
/// A call that fails for a reason that passes is repeated while its timeout lasts, with growing delays. So is an append, which
/// the server takes once however often it comes. Another change whose answer was lost is not: it throws `unknownOutcome`.
public final class Client: Sendable {
    let pool: ConnectionPool
    let configuration: ClientConfiguration
    let retries = RetryPolicy()
    let retryBudget = Mutex(RetryBudget(now: .now()))
    let hedges = HedgeGovernor()
    private let schemas = SchemaCache()
    /// By category, in lower case: all that this client appends without a producer's name.
    private let producers = Mutex<[String: AppendProducer]>([:])

    private init(_ configuration: ClientConfiguration) throws(ClientError) {
        self.configuration = configuration
        let security: DialerSecurity =
            switch configuration.security {
            case .plaintext: .plaintext
            case .tls(let ca, let certificate, let key):
                .tls(TLSClientConfiguration(caFile: ca, certificateFile: certificate, keyFile: key))
            }
        let group: any EventLoopGroup = configuration.eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
        do throws(RPCError) {
            let dialer = try RPCDialer(
                host: configuration.endpoint.host, port: configuration.endpoint.port, security: security, group: group)
            pool = ConnectionPool(
                dialer, size: configuration.connections, least: configuration.hedging == nil ? 1 : 2,
                healthChecks: configuration.healthChecks, group: group)
        } catch {
            throw ClientError(error)
        }
    }

    /// A client with its first connection made. Throws `connectionFailed` or `tls` when there is none: nothing is retried
    /// here, so that a wrong address or certificate shows at once.
    public static func connect(_ configuration: ClientConfiguration) async throws(ClientError) -> Client {
        let client = try Client(configuration)
        do throws(RPCError) {
            _ = try await client.pool.connection(deadline: client.deadline(nil))
        } catch {
            client.close()
            throw ClientError(error)
        }
        return client
    }

    deinit {
        pool.close()
    }

    /// Takes no more calls, and closes the connections when the answers that are due are there.
    public func close() {
        pool.close()
    }

    // MARK: Tables and categories

    /// A table whose rows are read by column name. Throws `notFound` where there is no such table.
    public func table(_ name: String) async throws(ClientError) -> Table<Row> {
        try await table(name, as: Row.self)
    }

    /// A table whose rows are read as `Element`, by the names of its properties. Throws `notFound` where there is no such
    /// table.
    public func table<Element: Decodable & Sendable>(
        _ name: String, as type: Element.Type
    ) async throws(ClientError) -> Table<Element> {
        Table(name: try await schema(of: name, deadline: deadline(nil)).name, client: self)
    }

    /// A category, to append to and to read. Whether it is there shows when it is used.
    public func category(_ name: String) -> Category {
        let producer = producers.withLock { producers in
            let key = name.lowercased()
            if let producer = producers[key] { return producer }
            let producer = AppendProducer()
            producers[key] = producer
            return producer
        }
        return Category(name: name, client: self, producer: producer)
    }

    /// A category to append to as the one producer of that name (1 to 64 bytes): whoever opened it under the same name before is
    /// fenced, and appends no more. Throws `notFound` where there is no such category.
    public func category(_ name: String, producer: String) async throws(ClientError) -> Category {
        let epoch = try await openProducer([UInt8](producer.utf8), category: name)
        return Category(name: name, client: self, producer: AppendProducer(name: producer, epoch: epoch))
    }

    /// What is known of a table; fetched when nothing is, or only what an answer has shown to be out of date.
    func schema(
        of table: String, replacing stale: TableSchema? = nil, deadline: NIODeadline
    ) async throws(ClientError) -> TableSchema {
        try await schemas.schema(table, replacing: stale) {
            do throws(ClientError) {
                return .success(try TableSchema(try await self.describe(table: table, deadline: deadline)))
            } catch {
                return .failure(error)
            }
        }
    }
}
