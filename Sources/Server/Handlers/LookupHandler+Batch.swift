internal import Bytes
internal import Catalog
internal import NIOCore
internal import RPC
internal import Records
internal import Tables

// The way of plain gets: what memory can answer is answered on the event loop, the rest on threads that may wait.

extension LookupHandler {
    /// Looks up and answers what the worker's batch has taken in.
    func finish(_ worker: LookupWorker) {
        let batch = worker.batch
        guard !batch.isEmpty else { return }
        // What answers make of their connections may bring the next requests.
        worker.batch = spares.take()
        for index in 0..<batch.groupCount {
            worker.hotKeys.note(batch.groups[index].lookup.keys, table: batch.groups[index].table.id)
        }
        do {
            guard try lookUpOnLoop(batch) else { return submit(batch) }
            for segment in batch.segments {
                segment.connection.answer(count: segment.count) { batch.answer(segment, into: &$0) }
            }
        } catch {
            if missesMemory(batch) { return submit(batch) }
            // One of the requests asks for what cannot be; the others are not to suffer for it.
            for segment in batch.segments {
                segment.connection.answer(count: segment.count) { answerOneByOne(batch, segment, into: &$0) }
            }
        }
        spares.putBack(batch)
    }

    /// false: some of it belongs on a thread that may wait.
    private func lookUpOnLoop(_ batch: LookupBatch) throws(TablesError) -> Bool {
        var storedKeys = 0
        var isLong = false
        for index in 0..<batch.groupCount {
            let group = batch.groups[index]
            group.isDone = try engine.tables.lookUpHot(group.lookup, in: group.table.entry)
            if group.isDone { continue }
            storedKeys += group.lookup.missedCount
            isLong = isLong || engine.tables.readsMissMemory(of: group.table.entry)
        }
        if isLong || storedKeys > Self.storedKeysOnLoop { return false }
        try lookUpStored(batch)
        return true
    }

    /// Has it answered by the pool, each connection's part by itself, so that none waits for what another asks for.
    private func submit(_ batch: LookupBatch) {
        for segment in batch.segments {
            let part = spares.take()
            part.take(segment, of: batch)
            do {
                try pools.lookups.submit(
                    requests: part.gets.count, weight: part.keyCount, deadline: part.deadline, for: segment.connection
                ) { refusal in
                    answerStored(part, refusal, to: segment.connection)
                }
            } catch {
                segment.connection.answer(count: segment.count) { writer in
                    for get in part.gets { part.fail(get, error, into: &writer) }
                }
                spares.putBack(part)
            }
        }
        spares.putBack(batch)
    }

    private func lookUpStored(_ batch: LookupBatch) throws(TablesError) {
        for index in 0..<batch.groupCount {
            let group = batch.groups[index]
            if group.isDone { continue }
            try engine.tables.lookUpStored(group.lookup, in: group.table.entry)
            group.isDone = true
        }
    }

    private func missesMemory(_ batch: LookupBatch) -> Bool {
        (0..<batch.groupCount).contains { engine.tables.readsMissMemory(of: batch.groups[$0].table.entry) }
    }

    /// On a thread of the pool.
    private func answerStored(_ batch: LookupBatch, _ refusal: RPCError?, to connection: ServerConnection) {
        var writer = ByteWriter()
        if let refusal {
            for get in batch.gets { batch.fail(get, refusal, into: &writer) }
        } else {
            pools.lookups.countDropped(batch.dropExpired(at: .now()))
            do throws(TablesError) {
                for index in 0..<batch.groupCount {
                    let group = batch.groups[index]
                    group.isDone = try engine.tables.lookUpHot(group.lookup, in: group.table.entry)
                }
                try lookUpStored(batch)
                for segment in batch.segments { batch.answer(segment, into: &writer) }
            } catch {
                writer.removeAll()
                for segment in batch.segments { answerOneByOne(batch, segment, into: &writer) }
            }
        }
        connection.deliver(writer.bytes, count: batch.gets.count)
        spares.putBack(batch)
    }

    /// Each request by itself, so that what is wrong with one is its own.
    private func answerOneByOne(
        _ batch: LookupBatch, _ segment: LookupBatch.Segment, into writer: inout ByteWriter
    ) {
        let lookup = RowLookup()
        for get in batch.gets[segment.first..<segment.end] {
            guard !get.isExpired else {
                batch.fail(get, RPCError(.deadlineExceeded), into: &writer)
                continue
            }
            let start = writer.beginResponse(to: get.id, .get)
            do {
                for part in batch.parts[get.firstPart..<get.firstPart + get.partCount] {
                    let group = batch.groups[part.group]
                    let table = group.table.entry
                    lookup.removeAll()
                    lookup.keys.append(group.lookup.keys, part.firstKey..<part.firstKey + part.keyCount)
                    if try !engine.tables.lookUpHot(lookup, in: table) {
                        try engine.tables.lookUpStored(lookup, in: table)
                    }
                    lookup.append(0..<part.keyCount, of: group.table, to: &writer)
                }
                writer.endResponse(to: get.id, .get, start: start, limit: segment.connection.frameLimit)
            } catch {
                writer.takeBack(to: start)
                batch.fail(get, RPCError(error), into: &writer)
            }
        }
    }

    /// Beyond it the keys of a turn are looked up, and answered, in parts.
    static let keysAtOnce = 4096
    /// Keys that are read from the store on the loop, where memory has what it needs.
    static let storedKeysOnLoop = 1024
}
