internal import Bytes
internal import Catalog
internal import RPC
internal import SwiftProtobuf
internal import Tables

// What lookups wait for.

extension ContractLookups {
    /// What is to be applied before a request can be answered; nil where it waits for nothing. Requests without a contract, which
    /// are most, cost a look at their fields.
    func goals(of operation: Operation, _ message: UnsafeRawBufferPointer) throws(RPCError) -> AppliedGoals? {
        do {
            switch operation {
            case .get: return try goals(ofGet: message, WireGetRequest.contract(in: message))
            case .scan: return try goals(ofScan: WireScanRequest.View(message))
            case .fold:
                guard let contract = try WireFoldRequest.contract(in: message) else { return nil }
                return try goals(ofFold: WireFoldRequest(serializedBytes: [UInt8](message)), contract)
            default: return nil
            }
        } catch {
            throw RPCError(error)
        }
    }

    func answer(
        _ operation: Operation, _ message: UnsafeRawBufferPointer, into writer: inout ByteWriter
    ) throws(RPCError) {
        switch operation {
        case .scan: try scan(message, into: &writer)
        case .fold: try fold(message, into: &writer)
        default: try get(message, into: &writer)
        }
    }

    func goals(
        ofGet message: UnsafeRawBufferPointer, _ contract: WireReadContract.View?
    ) throws -> AppliedGoals? {
        guard let contract, contract.positionCount > 0 else { return nil }
        let snapshot = engine.catalog.snapshot
        var tables: [(table: TableEntry, pin: UInt32?)] = []
        var wanted = WireGetRequest.Reader(message)
        while let next = try wanted.next() {
            let table = try snapshot.table(wireName: next.table)
            if !tables.contains(where: { $0.table.id == table.id && $0.pin == next.version }) {
                tables.append((table, next.version))
            }
        }
        return try AppliedGoals(contract, of: tables, in: snapshot, engine.gauge)
    }

    func goals(ofScan view: WireScanRequest.View) throws -> AppliedGoals? {
        guard let contract = view.contract, contract.positionCount > 0 else { return nil }
        let snapshot = engine.catalog.snapshot
        let table = try snapshot.table(wireName: view.table)
        let pin = try engine.tables.pin(of: ScanRange(view), in: table)
        return try AppliedGoals(contract, of: [(table, pin)], in: snapshot, engine.gauge)
    }

    func goals(ofFold wanted: WireFoldRequest, _ contract: WireReadContract.View?) throws -> AppliedGoals? {
        guard let contract, contract.positionCount > 0 else { return nil }
        let snapshot = engine.catalog.snapshot
        guard let table = snapshot.table(named: wanted.table) else { throw RPCError.noTable(wanted.table) }
        return try AppliedGoals(
            contract, of: [(table, wanted.hasVersion ? wanted.version : nil)], in: snapshot, engine.gauge)
    }
}
