internal import NIOCore
internal import RPC

/// What a reader may ask for beyond a key: how long it waits, how old the answer may be, which version and which columns.
///
/// ```swift
/// let ends = try await client.category("flights").append(record)
/// let route = try await routes.get("EWR", "SFO", day, options: ReadOptions(waitingFor: ends))     // sees the record
/// ```
///
/// `Table.with(_:)` makes a table all of whose reads have the same ones.
public struct ReadOptions: Hashable, Sendable {
    /// How long the call may take, tries and all; for a scan, each of its pages. nil: as long as the client's configuration says.
    public var timeout: Duration?
    /// How far the table may be behind what is appended, in whole milliseconds; further, it is an error, `stale`.
    public var maxStaleness: Duration?
    /// Instead of failing with `stale` at once, the call is repeated while its timeout lasts.
    public var waitsUntilFresh: Bool
    /// The answer waits until the table has applied all records before these positions: an append returns them, so that who
    /// appended reads what came of it. Positions of categories that do not feed the table are refused.
    public var waitingFor: [CategoryPosition]
    /// The version to read, instead of the one that serves: what an `Answer` said, so that several calls see one version. An error,
    /// `versionGone`, when it was dropped since.
    public var version: UInt32?
    /// Names of the columns wanted; the key's are there in any case. nil: all. A type that rows are read as needs the
    /// columns that it has no `Optional` for.
    public var columns: [String]?
    /// A second request where the first is slow to be answered; nil: as the client's configuration says.
    public var hedging: Hedging?

    public init(
        timeout: Duration? = nil, maxStaleness: Duration? = nil, waitsUntilFresh: Bool = false,
        waitingFor: [CategoryPosition] = [], version: UInt32? = nil, columns: [String]? = nil, hedging: Hedging? = nil
    ) {
        self.timeout = timeout
        self.maxStaleness = maxStaleness
        self.waitsUntilFresh = waitsUntilFresh
        self.waitingFor = waitingFor
        self.version = version
        self.columns = columns
        self.hedging = hedging
    }

    func contract(wantsFreshness: Bool) -> ReadContract {
        ReadContract(
            maximumStalenessMilliseconds: maxStaleness.map {
                UInt32(clamping: TimeAmount($0).nanoseconds / 1_000_000)
            },
            positions: waitingFor.map {
                .init(category: $0.category, bucket: UInt32(clamping: $0.bucket), offset: $0.offset)
            }, wantsFreshness: wantsFreshness)
    }
}

extension Client {
    /// How a read is sent that has these options.
    func callOptions(_ options: ReadOptions) -> CallOptions {
        var call = CallOptions(deadline: deadline(options.timeout))
        call.kind.waitsUntilFresh = options.waitsUntilFresh
        // Who waits for a position waits as long on any connection.
        if options.waitingFor.isEmpty { call.hedging = options.hedging ?? configuration.hedging }
        return call
    }
}
