internal import Catalog
internal import NIOCore
internal import NIOPosix
internal import RPC
internal import SwiftProtobuf

/// Gives every request to its handler.
///
/// Lookups and appends are taken on the event loop: they are short, and a hop costs more than they do. What reads the
/// disk for long, or changes the catalog, goes to a few threads of its own.
final class Dispatcher: RequestHandler {
    private static let controlThreadCount = 4

    private let engine: Engine
    private let grants: GrantBook
    private let accounts = CallerAccounts()
    private let lookups: LookupHandler
    private let appends: AppendHandler
    private let reads: ReadHandler
    private let descriptions: DescriptionHandler
    private let status: StatusHandler
    private let control: ControlPlane
    private let loads: LoadHandler
    private let pool = NIOThreadPool(numberOfThreads: Dispatcher.controlThreadCount)

    init(_ engine: Engine, group: any EventLoopGroup, grants: GrantBook) {
        self.engine = engine
        self.grants = grants
        lookups = LookupHandler(engine)
        appends = AppendHandler(engine)
        reads = ReadHandler(engine, group: group)
        descriptions = DescriptionHandler(engine)
        status = StatusHandler(engine)
        control = ControlPlane(engine)
        loads = LoadHandler(engine)
        pool.start()
    }

    /// Answers what waits for records that are yet to come, so that a stopping server need not wait for them.
    func endWaiting() {
        reads.close()
    }

    func close() async {
        endWaiting()
        try? await pool.shutdownGracefully()
    }

    /// Ends the waiting of those whose grant is gone.
    func grantsChanged() {
        reads.recheckAccess()
    }

    func handle(_ burst: RequestBurst) {
        let catalog = engine.catalog.snapshot
        let session = CallerSession.of(burst.connection, grants, accounts)
        session.refresh()
        var admission = session.admit(burst)
        for request in burst.requests {
            if let refusal = admission.refuse(request) {
                burst.fail(request, refusal)
            } else if request.deadline < burst.arrival {
                burst.fail(request, RPCError(.deadlineExceeded))
            } else {
                serve(request, in: burst, catalog, session)
            }
        }
    }

    /// What each operation needs is said in `Operation.demand`. Where a request's objects are known at once its handler asks the
    /// session; `run` asks before it hands the others on.
    private func serve(
        _ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) {
        let access = session.access
        switch request.operation {
        case .hello: burst.fail(request, RPCError(.malformedFrame, "hello is said once"))
        case .get: lookups.get(request, in: burst, catalog, session)
        case .scan: lookups.scan(request, in: burst, catalog, session)
        case .fold: lookups.fold(request, in: burst, catalog, session)
        case .ping: burst.answer(request) { _ in }
        case .append: appends.append(request, in: burst, catalog, session)
        case .openProducer: run(request, in: burst, access, appends.openProducer)
        case .read: reads.read(request, in: burst, catalog, session)
        case .seek: run(request, in: burst, access, reads.seek)
        case .describeCategory: run(request, in: burst, access, descriptions.category)
        case .listCategories:
            run(request, in: burst, access) { access.filtered(try self.descriptions.categories($0)) }
        case .describeTable: run(request, in: burst, access, descriptions.table)
        case .listTables: run(request, in: burst, access) { access.filtered(try self.descriptions.tables($0)) }
        case .deploy: run(request, in: burst, access) { try self.control.deploy($0, by: access) }
        case .deleteApp: run(request, in: burst, access, control.delete)
        case .listApps: run(request, in: burst, access) { access.filtered(try self.descriptions.apps($0), catalog) }
        case .status:
            run(request, in: burst, access) {
                try access.check($0, catalog)
                return access.filtered(try self.status.status($0), catalog)
            }
        case .stopApp: run(request, in: burst, access, control.stop)
        case .startApp: run(request, in: burst, access, control.start)
        case .backfill: run(request, in: burst, access, control.backfill)
        case .beginLoad: run(request, in: burst, access, control.beginLoad)
        case .upload: loads.upload(request, in: burst, on: pool, session, catalog)
        case .finishLoad: run(request, in: burst, access, control.finishLoad)
        case .abortLoad: run(request, in: burst, access, loads.abort)
        case .loadDescriptor: run(request, in: burst, access, descriptions.loadDescriptor)
        case .rollback: run(request, in: burst, access, control.rollback)
        case .dropVersion: run(request, in: burst, access, control.drop)
        case .cut: run(request, in: burst, access, control.cut)
        }
    }

    /// Runs `body`, where the caller may have it done, on a thread where it may block.
    private func run<Question: Message & Guarded, Answer: Message>(
        _ request: Request, in burst: RequestBurst, _ access: Access,
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
        pool.submit { [engine] state in
            guard case .active = state else { return responder.fail(RPCError(.unavailable)) }
            do {
                try access.check(demand, on: try question.objects(in: engine.catalog.snapshot))
                responder.answer(try body(question))
            } catch {
                responder.fail(RPCError(error))
            }
        }
    }
}
