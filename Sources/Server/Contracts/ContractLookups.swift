internal import Bytes
internal import Catalog
internal import Foundation
internal import RPC
internal import Records
internal import SwiftProtobuf
internal import Tables

/// Answers lookups that ask for more than the rows of serving versions: how fresh these are at least, of which version they are, and
/// what of them. Any thread will do.
struct ContractLookups: Sendable {
    let engine: Engine

    // MARK: Get

    func get(_ message: UnsafeRawBufferPointer, into writer: inout ByteWriter) throws(RPCError) {
        do {
            let contract = try WireGetRequest.contract(in: message)
            let goals = try self.goals(ofGet: message, contract)
            var tables = WireGetRequest.Reader(message)
            var keyCount = 0
            let lookup = RowLookup()
            while let wanted = try tables.next() {
                keyCount += max(1, wanted.keyCount)
                guard keyCount <= LookupHandler.keysPerRequest else { throw RPCError.tooManyKeys }
                let reading = ContractReading(engine, contract, goals, .version(wanted.version))
                let answer = try reading.read(text(wanted.table)) { table in
                    let projection = try Projection(wanted.columns(), of: table, isRaw: wanted.raw)
                    lookup.removeAll()
                    lookup.version = wanted.version
                    var keys = wanted
                    while let key = keys.nextKey() { lookup.keys.append(key) }
                    let (rows, version) = try rows(of: lookup, in: table, isRaw: wanted.raw)
                    return (found: (rows, projection), version: version)
                }
                append(answer.found.0, answer.found.1, of: answer, to: &writer)
            }
        } catch {
            throw RPCError(error)
        }
    }

    private func rows(
        of lookup: RowLookup, in table: TableEntry, isRaw: Bool
    ) throws -> (rows: RowMessages, version: UInt32) {
        if isRaw { return try engine.tables.getStates(table, keys: lookup.keys, version: lookup.version) }
        if try !engine.tables.lookUpHot(lookup, in: table) { try engine.tables.lookUpStored(lookup, in: table) }
        return (lookup.rows, lookup.servedVersion)
    }

    private func append<Found>(
        _ rows: RowMessages, _ projection: Projection, of answer: ContractReading.Answer<Found>,
        to writer: inout ByteWriter
    ) {
        WireGetResponse.append(
            tableID: answer.table.id, schemaRevision: answer.table.schemaRevision, freshness: answer.freshness,
            version: answer.version, to: &writer
        ) { writer in
            rows.messages.arena.withUnsafeBytes { arena in
                for index in 0..<rows.count {
                    if rows.isPresent[index] {
                        let message = UnsafeRawBufferPointer(rebasing: arena[rows.messages.range(at: index)])
                        WireRow.append(to: &writer) { projection.append(message, to: &$0) }
                    } else {
                        WireRow.append(nil, to: &writer)
                    }
                }
            }
        }
    }

    // MARK: Scan

    func scan(_ message: UnsafeRawBufferPointer, into writer: inout ByteWriter) throws(RPCError) {
        do {
            let view = try WireScanRequest.View(message)
            let range = ScanRange(view)
            let reading = ContractReading(engine, view.contract, try goals(ofScan: view), .scan(range))
            let answer = try reading.read(text(view.table)) { table in
                let projection = try Projection(view.columns, of: table, isRaw: view.raw)
                let page = try engine.tables.scan(table, range)
                return (found: (page, projection), version: page.version)
            }
            let (page, projection) = answer.found
            WireScanResponse.append(
                tableID: answer.table.id, schemaRevision: answer.table.schemaRevision, to: &writer)
            append(page, projection, to: &writer)
            WireScanResponse.append(
                continuation: page.continuation, freshness: answer.freshness, version: answer.version, to: &writer)
        } catch {
            throw RPCError(error)
        }
    }

    private func append(_ page: ScanPage, _ projection: Projection, to writer: inout ByteWriter) {
        page.keys.arena.withUnsafeBytes { keys in
            page.rows.messages.arena.withUnsafeBytes { rows in
                for index in 0..<page.keys.count {
                    let key = UnsafeRawBufferPointer(rebasing: keys[page.keys.range(at: index)])
                    let message = UnsafeRawBufferPointer(rebasing: rows[page.rows.messages.range(at: index)])
                    if projection.isAll {
                        WireScanResponse.append(key: key, message: message, to: &writer)
                    } else {
                        WireScanResponse.append(key: key, to: &writer) { projection.append(message, to: &$0) }
                    }
                }
            }
        }
    }

    // MARK: Fold

    func fold(_ message: UnsafeRawBufferPointer, into writer: inout ByteWriter) throws(RPCError) {
        do {
            let wanted = try WireFoldRequest(serializedBytes: [UInt8](message))
            let pin = wanted.hasVersion ? wanted.version : nil
            let contract = try WireFoldRequest.contract(in: message)
            let reading = ContractReading(engine, contract, try goals(ofFold: wanted, contract), .version(pin))
            let answer = try reading.read(wanted.table) { table in
                let folded = try engine.tables.fold(
                    table, key: [UInt8](wanted.key), from: wanted.hasFrom ? wanted.from : nil,
                    to: wanted.hasTo ? wanted.to : nil, version: pin)
                return (found: folded, version: folded.version)
            }
            var response = WireFoldResponse()
            response.tableID = answer.table.id
            response.schemaRevision = answer.table.schemaRevision
            response.panes = UInt32(answer.found.panes)
            response.version = answer.version
            if let freshness = answer.freshness { response.freshness = freshness }
            if let row = answer.found.row { response.row.message = Data(row) }
            try writer.append(message: response)
        } catch {
            throw RPCError(error)
        }
    }
}
