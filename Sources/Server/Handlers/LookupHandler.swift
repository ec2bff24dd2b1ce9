internal import Bytes
internal import Catalog
internal import NIOCore
internal import RPC
internal import Records
internal import SwiftProtobuf
internal import Tables

/// Answers get, scan and fold. Short ones are answered on the event loop, in the connection's outgoing buffer; those that may
/// take long, or wait for the disk, by the pool.
struct LookupHandler: Sendable {
    /// Over all tables of one request.
    static let keysPerRequest = 10_000

    let engine: Engine
    let pools: WorkPools
    let spares = SpareBatches()
    let waiting: WaitingLookups
    private let contracts: ContractLookups

    init(_ engine: Engine, _ pools: WorkPools, group: any EventLoopGroup) {
        self.engine = engine
        self.pools = pools
        contracts = ContractLookups(engine: engine)
        waiting = WaitingLookups(engine, on: group.next())
    }

    /// Takes a get, scan or fold. A get that asks for rows and no more is answered by `finish`, together with its neighbours of all connections.
    func serve(_ request: Request, in burst: RequestBurst, _ worker: LookupWorker, _ session: CallerSession) {
        do throws(RPCError) {
            if request.operation == .get,
                let work = try worker.batch.take(request, in: burst, worker.catalog, session)
            {
                return burst.charge(work)
            }
            finish(worker)
            try check(request, worker.catalog, session)
        } catch {
            finish(worker)
            return burst.fail(request, error)
        }
        do throws(RPCError) {
            if let goals = try contracts.goals(of: request.operation, request.message),
                !goals.areMet(in: worker.catalog.snapshot, engine.gauge)
            {
                return wait(request, for: goals, in: burst, session.access)
            }
        } catch {
            return burst.fail(request, error)
        }
        guard isShort(request, worker.catalog) else { return submit(request, in: burst) }
        burst.charge(Self.shortLookupWork)
        burst.answer(request) { writer throws(RPCError) in
            try contracts.answer(request.operation, request.message, into: &writer)
        }
    }

    /// Has it answered when positions are applied, in which case it is no longer the loop's.
    private func wait(_ request: Request, for goals: AppliedGoals, in burst: RequestBurst, _ access: Access) {
        let message = [UInt8](request.message)
        let operation = request.operation
        let responder = burst.deferred(request)
        let answer: @Sendable () -> Void = { [pools, contracts] in
            // The grants may be others than those it began to wait with.
            do throws(RPCError) {
                for table in goals.tables { try access.check(.read, on: .table(table)) }
            } catch {
                return responder.fail(error)
            }
            // One checkpoint may answer all that wait, who are more gets than there is room for among the scans.
            let pool = operation == .get ? pools.lookups : pools.reads
            pool.submit(responder) {
                responder.answer { writer throws(RPCError) in
                    try message.withBytes { message throws(RPCError) in
                        try contracts.answer(operation, message, into: &writer)
                    }
                }
            }
        }
        waiting.add(
            WaitingLookups.Lookup(
                goals: goals, bytes: message.count, deadline: responder.deadline,
                isWanted: { responder.connection.isOpen }, answer: answer,
                refuse: { responder.fail($0) }))
    }

    /// Has it answered on a thread where it holds up nobody.
    private func submit(_ request: Request, in burst: RequestBurst) {
        let message = [UInt8](request.message)
        let operation = request.operation
        burst.queueLarge(request) { responder in
            pools.reads.submit(responder) {
                responder.answer { writer throws(RPCError) in
                    try message.withBytes { message throws(RPCError) in
                        try contracts.answer(operation, message, into: &writer)
                    }
                }
            }
        }
    }

    /// By the measure of a key that is looked up.
    private static let shortLookupWork = 64
}

extension ScanRange {
    init(_ view: WireScanRequest.View) {
        self.init(
            prefix: [UInt8](view.prefix), from: view.from.map { [UInt8]($0) }, to: view.to.map { [UInt8]($0) },
            isReversed: view.reverse, limit: Int(view.limit), continuation: [UInt8](view.continuation),
            version: view.version,
            isRaw: view.raw)
    }
}

extension CatalogSnapshot {
    /// The table of a name as it stands in a message.
    func table(wireName: UnsafeRawBufferPointer) throws -> TableEntry {
        let name = try text(wireName)
        guard let table = table(named: name) else { throw RPCError.noTable(name) }
        return table
    }

    func category(wireName: UnsafeRawBufferPointer) throws -> CategoryEntry {
        let name = try text(wireName)
        guard let category = category(named: name) else { throw RPCError.noCategory(name) }
        return category
    }
}
