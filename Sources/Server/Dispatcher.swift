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
    private let lookups: LookupHandler
    private let appends: AppendHandler
    private let reads: ReadHandler
    private let descriptions: DescriptionHandler
    private let status: StatusHandler
    private let control: ControlPlane
    private let loads: LoadHandler
    private let pool = NIOThreadPool(numberOfThreads: Dispatcher.controlThreadCount)

    init(_ engine: Engine, group: any EventLoopGroup) {
        self.engine = engine
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

    func handle(_ burst: RequestBurst) {
        let catalog = engine.catalog.snapshot
        for request in burst.requests {
            if request.deadline < burst.arrival {
                burst.fail(request, RPCError(.deadlineExceeded))
                continue
            }
            switch request.operation {
            case .hello: burst.fail(request, RPCError(.malformedFrame, "hello is said once"))
            case .get: lookups.get(request, in: burst, catalog)
            case .scan: lookups.scan(request, in: burst, catalog)
            case .fold: lookups.fold(request, in: burst, catalog)
            case .ping: burst.answer(request) { _ in }
            case .append: appends.append(request, in: burst, catalog)
            case .openProducer: run(request, in: burst, appends.openProducer)
            case .read: reads.read(request, in: burst, catalog)
            case .seek: run(request, in: burst, reads.seek)
            case .describeCategory: run(request, in: burst, descriptions.category)
            case .listCategories: run(request, in: burst, descriptions.categories)
            case .describeTable: run(request, in: burst, descriptions.table)
            case .listTables: run(request, in: burst, descriptions.tables)
            case .deploy: run(request, in: burst, control.deploy)
            case .deleteApp: run(request, in: burst, control.delete)
            case .listApps: run(request, in: burst, descriptions.apps)
            case .status: run(request, in: burst, status.status)
            case .stopApp: run(request, in: burst, control.stop)
            case .startApp: run(request, in: burst, control.start)
            case .backfill: run(request, in: burst, control.backfill)
            case .beginLoad: run(request, in: burst, control.beginLoad)
            case .upload: loads.upload(request, in: burst, on: pool)
            case .finishLoad: run(request, in: burst, control.finishLoad)
            case .abortLoad: run(request, in: burst, loads.abort)
            case .loadDescriptor: run(request, in: burst, descriptions.loadDescriptor)
            case .rollback: run(request, in: burst, control.rollback)
            case .dropVersion: run(request, in: burst, control.drop)
            case .cut: run(request, in: burst, control.cut)
            }
        }
    }

    /// Runs `body` on a thread where it may block.
    private func run<Question: Message, Answer: Message>(
        _ request: Request, in burst: RequestBurst, _ body: @escaping @Sendable (Question) throws -> Answer
    ) {
        let question: Question
        do {
            question = try request.decoded()
        } catch {
            return burst.fail(request, error)
        }
        let responder = burst.deferred(request)
        pool.submit { state in
            guard case .active = state else { return responder.fail(RPCError(.unavailable)) }
            do {
                responder.answer(try body(question))
            } catch {
                responder.fail(RPCError(error))
            }
        }
    }
}
