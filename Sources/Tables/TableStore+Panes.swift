internal import RocksDB

extension TableStore {
    /// How far the output of a table's panes has come; nil before its first round.
    package func emission(ofPanesOf table: UInt32) throws(TablesError) -> PaneEmission? {
        let opened = try opened()
        do {
            return try PaneRecords.emissionKey(table).withUnsafeBytes { key in
                try opened.database.withValue(forKey: key, in: opened.panes) { value in
                    try value.map { try PaneRecords.emission($0) }
                }
            }
        } catch {
            throw TablesError(thrown: error, "reading how far panes were emitted")
        }
    }

    /// The first panes that wait to be emitted, by start and key: at most `limit` of those that start at or after `lower` and
    /// before `upper`.
    package func pendingPanes(
        of table: UInt32, from lower: Int64 = .min, before upper: Int64 = .max, limit: Int
    ) throws(TablesError) -> PaneMarkers {
        let opened = try opened()
        var markers = PaneMarkers()
        do {
            let rows = try opened.database.iterator(
                in: opened.panes, lowerBound: PaneRecords.markerPrefix(table, start: lower),
                upperBound: PaneRecords.markerPrefix(table, start: upper))
            try rows.seekToFirst()
            while rows.isValid, markers.count < limit {
                let marker = try PaneRecords.marker(rows.key)
                markers.append(start: marker.start, key: marker.key)
                try rows.next()
            }
        } catch {
            throw TablesError(thrown: error, "reading which panes wait to be emitted")
        }
        return markers
    }

    // MARK: Outputs that are gone

    /// Forgets how far an output category has come, and with `panesOf` which panes of a table wait for it. Its id must never
    /// come back.
    package func dropOutput(category: UInt32, panesOf table: UInt32? = nil) throws(TablesError) {
        let opened = try writable()
        publishedPositions.remove(.category(category))
        var batch = WriteBatch()
        let prefix = StoreRecords.positionPrefix(.category(category))
        batch.deleteRange(from: prefix, to: prefix + [UInt8](repeating: 0xff, count: 9), in: opened.positions)
        if let table, let end = PaneRecords.end(ofTable: table) {
            batch.deleteRange(from: PaneRecords.emissionKey(table), to: end, in: opened.panes)
        }
        try write(batch, to: opened, sync: false, doing: "forgetting output category \(category)")
    }
}
