internal import Bytes
internal import Catalog
internal import NIOCore
internal import RPC
internal import SwiftProtobuf
internal import Tables

/// Gives every request to its handler.
///
/// Lookups and appends are taken on the event loop: they are short, and a hop costs more than they do. What waits for the
/// disk, takes long, or changes the catalog goes to threads of its own, each kind behind a bounded queue.
final class Dispatcher: RequestHandler {
    private let engine: Engine
    private let grants: GrantBook
    private let accounts = CallerAccounts()
    let pools = WorkPools()
    private let lookups: LookupHandler
    private let appends: AppendHandler
    private let reads: ReadHandler
    private let descriptions: DescriptionHandler
    private let status: StatusHandler
    private let control: ControlPlane
    private let loads: LoadHandler

    init(_ engine: Engine, group: any EventLoopGroup, grants: GrantBook) {
        self.engine = engine
        self.grants = grants
        lookups = LookupHandler(engine, pools, group: group)
        appends = AppendHandler(engine)
        reads = ReadHandler(engine, pools.reads, group: group)
        descriptions = DescriptionHandler(engine)
        status = StatusHandler(engine)
        control = ControlPlane(engine)
        loads = LoadHandler(engine)
    }

    /// Answers what waits for records that are yet to come, so that a stopping server need not wait for them.
    func endWaiting() {
        reads.close()
        lookups.waiting.close()
    }

    func close() async {
        endWaiting()
        await pools.close()
    }

    /// Ends the waiting of those whose grant is gone.
    func grantsChanged() {
        reads.recheckAccess()
    }

    func handle(_ burst: RequestBurst) {
        let worker = worker(of: burst.turn)
        worker.catalog.refresh()
        let session = CallerSession.of(burst.connection, grants, accounts)
        session.refresh()
        for (index, request) in burst.requests.enumerated() {
            if burst.connection.isGathered {
                lookups.finish(worker)
                return burst.stop(before: index)
            }
            let refusal =
                session.refusal(of: request, in: burst)
                ?? (request.deadline <= burst.now ? RPCError(.deadlineExceeded) : nil)
            // What gathered is answered first: answers that are made here keep the order of their requests.
            if refusal != nil || request.operation != .get || worker.isFull {
                lookups.finish(worker)
            }
            if let refusal {
                burst.fail(request, refusal)
            } else {
                serve(request, in: burst, worker, session)
            }
        }
        if !worker.batch.isEmpty { burst.turn.awaitEnd() }
    }

    func endTurn(_ turn: LoopTurn) {
        lookups.finish(worker(of: turn))
    }

    /// The event loop's own.
    private func worker(of turn: LoopTurn) -> LookupWorker {
        // Nothing else is ever attached.
        if let worker = turn.attachment { return unsafeDowncast(worker, to: LookupWorker.self) }
        let worker = LookupWorker(engine.catalog, engine.hotKeys.makeSampler())
        turn.attachment = worker
        return worker
    }

    /// What each operation needs is said in `Operation.demand`. Where a request's objects are known at once its handler asks the
    /// session; `run` asks before it hands the others on.
    private func serve(
        _ request: Request, in burst: RequestBurst, _ worker: LookupWorker, _ session: CallerSession
    ) {
        let access = session.access
        let catalog = worker.catalog.snapshot
        switch request.operation {
        case .hello: burst.fail(request, RPCError(.malformedFrame, "hello is said once"))
        case .get, .scan, .fold: lookups.serve(request, in: burst, worker, session)
        case .ping: burst.answer(request) { _ in }
        case .append: appends.append(request, in: burst, catalog, session)
        case .openProducer: run(request, in: burst, on: pools.control, access, appends.openProducer)
        case .read: reads.read(request, in: burst, catalog, session)
        case .seek: run(request, in: burst, on: pools.reads, access, reads.seek)
        case .describeCategory: run(request, in: burst, on: pools.reads, access, descriptions.category)
        case .listCategories:
            run(request, in: burst, on: pools.reads, access) { access.filtered(try self.descriptions.categories($0)) }
        case .describeTable: run(request, in: burst, on: pools.reads, access, descriptions.table)
        case .listTables:
            run(request, in: burst, on: pools.reads, access) { access.filtered(try self.descriptions.tables($0)) }
        case .deploy: run(request, in: burst, on: pools.control, access) { try self.control.deploy($0, by: access) }
        case .deleteApp: run(request, in: burst, on: pools.control, access, control.delete)
        case .listApps:
            run(request, in: burst, on: pools.reads, access) {
                access.filtered(try self.descriptions.apps($0), catalog)
            }
        case .status:
            run(request, in: burst, on: pools.reads, access) {
                try access.check($0, catalog)
                return access.filtered(try self.status.status($0, for: access), catalog)
            }
        case .stopApp: run(request, in: burst, on: pools.control, access, control.stop)
        case .startApp: run(request, in: burst, on: pools.control, access, control.start)
        case .backfill: run(request, in: burst, on: pools.control, access, control.backfill)
        case .beginLoad: run(request, in: burst, on: pools.control, access, control.beginLoad)
        case .upload: loads.upload(request, in: burst, on: pools.uploads, session, catalog)
        case .finishLoad: run(request, in: burst, on: pools.control, access, control.finishLoad)
        case .abortLoad: run(request, in: burst, on: pools.control, access, loads.abort)
        case .loadDescriptor: run(request, in: burst, on: pools.reads, access, descriptions.loadDescriptor)
        case .rollback: run(request, in: burst, on: pools.control, access, control.rollback)
        case .dropVersion: run(request, in: burst, on: pools.control, access, control.drop)
        case .cut: run(request, in: burst, on: pools.reads, access, control.cut)
        }
    }

    /// Runs `body`, where the caller may have it done, on a thread where it may block.
    private func run<Question: Message & Guarded, Answer: Message>(
        _ request: Request, in burst: RequestBurst, on pool: WorkPool, _ access: Access,
        _ body: @escaping @Sendable (Question) throws -> Answer
    ) {
        let question: Question
        do {
            question = try request.decoded()
        } catch {
            return burst.fail(request, error)
        }
        let responder = burst.deferred(request)
        let demand = request.operation.demand
        pool.submit(responder) { [engine] in
            do {
                try access.check(demand, on: try question.objects(in: engine.catalog.snapshot))
                responder.answer(try body(question))
            } catch {
                responder.fail(RPCError(error))
            }
        }
    }
}
