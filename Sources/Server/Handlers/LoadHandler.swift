internal import BulkLoad
internal import Catalog
internal import RPC

/// Takes in the files of loads.
struct LoadHandler: Sendable {
    private let engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
    }

    /// Chunks are written by the pool: a disk that is slow holds up no lookup.
    func upload(
        _ request: Request, in burst: RequestBurst, on pool: WorkPool, _ session: CallerSession,
        _ catalog: CatalogSnapshot
    ) {
        let chunk: Chunk
        do {
            chunk = try Chunk(request)
            try session.check(.load, onName: catalog.object(ofLoad: chunk.load))
        } catch {
            return burst.fail(request, RPCError(error))
        }
        let responder = burst.deferred(request)
        pool.submit(responder, weight: chunk.data.count) { [engine] in
            do {
                var response = WireUploadResponse()
                response.received = try chunk.data.withUnsafeBytes { data in
                    try engine.loads.write(
                        load: chunk.load, file: chunk.file, offset: chunk.offset, data: data, now: Clock.now)
                }
                responder.answer(response)
            } catch {
                responder.fail(RPCError(error))
            }
        }
    }

    func abort(_ request: WireAbortLoadRequest) throws -> WireEmpty {
        engine.loads.remove(load: request.load)
        return WireEmpty()
    }

    /// A request's chunk, which outlives the read buffer.
    private struct Chunk: Sendable {
        let load: String
        let file: Int
        let offset: Int64
        let data: [UInt8]

        init(_ request: Request) throws {
            let view = try WireUploadRequest.View(request.message)
            load = try text(view.load)
            file = Int(view.file)
            offset = view.offset
            data = [UInt8](view.data)
        }
    }
}
