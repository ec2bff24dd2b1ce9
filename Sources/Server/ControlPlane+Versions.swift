internal import Catalog
internal import RPC
internal import Synchronization
internal import Tables

// Which version of a table serves, and which are kept.

extension ControlPlane {
    func rollback(_ request: WireRollbackRequest) throws -> WireRollbackResponse {
        throw RPCError(.refused, "this server switches no versions yet")
    }

    func drop(_ request: WireDropVersionRequest) throws -> WireDropVersionResponse {
        throw RPCError(.refused, "this server drops no versions yet")
    }

    func cut(_ request: WireCutRequest) throws -> WireCutResponse {
        throw RPCError(.refused, "this server makes no cuts yet")
    }
}
