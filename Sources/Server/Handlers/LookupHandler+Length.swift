internal import Bytes
internal import Catalog
internal import RPC
internal import SwiftProtobuf
internal import Tables

// Which lookups are short: what the event loop does while others wait for it. Those that cannot be read are short too.

extension LookupHandler {
    func isShort(_ request: Request, _ catalog: LoopCatalog) -> Bool {
        switch request.operation {
        case .get: isShortGet(request.message, catalog)
        case .scan: isShortScan(request.message, catalog)
        default: isShortFold(request.message, catalog)
        }
    }

    private func isShortGet(_ message: UnsafeRawBufferPointer, _ catalog: LoopCatalog) -> Bool {
        var tables = WireGetRequest.Reader(message)
        var keyCount = 0
        while let wanted = try? tables.next() {
            keyCount += wanted.keyCount
            if keyCount > Self.storedKeysOnLoop || missesMemory(wanted.table, catalog) { return false }
        }
        return true
    }

    private func isShortScan(_ message: UnsafeRawBufferPointer, _ catalog: LoopCatalog) -> Bool {
        guard let view = try? WireScanRequest.View(message) else { return true }
        return !view.prefix.isEmpty && (1...Self.rowsOnLoop).contains(Int(view.limit))
            && !missesMemory(view.table, catalog)
    }

    /// A fold combines the panes of its range, of which there cannot be more than fit.
    private func isShortFold(_ message: UnsafeRawBufferPointer, _ catalog: LoopCatalog) -> Bool {
        guard let wanted = try? WireFoldRequest(serializedBytes: [UInt8](message)),
            let table = catalog.snapshot.table(named: wanted.table)
        else { return true }
        guard let pane = table.pane, wanted.hasFrom, wanted.hasTo else { return false }
        let (width, isTooWide) = wanted.to.subtractingReportingOverflow(wanted.from)
        return !isTooWide && width / max(1, pane.widthMicroseconds) <= Self.panesOnLoop
            && !engine.tables.readsMissMemory(of: table)
    }

    private func missesMemory(_ wireName: UnsafeRawBufferPointer, _ catalog: LoopCatalog) -> Bool {
        guard let table = try? catalog.table(wireName: wireName) else { return false }
        return engine.tables.readsMissMemory(of: table.entry)
    }

    private static let rowsOnLoop = 100
    private static let panesOnLoop: Int64 = 256
}
