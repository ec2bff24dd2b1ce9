internal import Bytes
internal import Catalog
internal import NIOCore
internal import RPC
internal import Records
internal import Tables

// The way of plain gets: what memory can answer is answered on the event loop, the rest on threads that may wait.

extension LookupHandler {
    /// Looks up and answers what the worker's batch has taken in.
    func finish(_ worker: LookupWorker, in burst: RequestBurst) {
        let batch = worker.batch
        guard !batch.isEmpty else { return }
        burst.charge(batch.keyCount)
        for index in 0..<batch.groupCount {
            worker.hotKeys.note(batch.groups[index].lookup.keys, table: batch.groups[index].table.id)
        }
        do {
            if try lookUpOnLoop(batch) {
                burst.answer(count: batch.gets.count) { [limit = burst.connection.frameLimit] writer in
                    batch.answer(into: &writer, frameLimit: limit)
                }
                return batch.removeAll()
            }
        } catch {
            // One of the requests asks for what cannot be; the others are not to suffer for it.
            if !missesMemory(batch) {
                burst.answer(count: batch.gets.count) { [limit = burst.connection.frameLimit] writer in
                    answerOneByOne(batch, into: &writer, frameLimit: limit)
                }
                return batch.removeAll()
            }
        }
        worker.batch = spares.take()
        let connection = burst.connection
        do {
            try pools.lookups.submit(
                requests: batch.gets.count, weight: batch.keyCount, deadline: batch.deadline, for: connection
            ) { refusal in
                answerStored(batch, refusal, to: connection)
            }
        } catch {
            burst.answer(count: batch.gets.count) { writer in
                for get in batch.gets { batch.fail(get, error, into: &writer) }
            }
            spares.putBack(batch)
        }
    }

    /// false: some of it belongs on a thread that may wait.
    private func lookUpOnLoop(_ batch: LookupBatch) throws(TablesError) -> Bool {
        var isLong = false
        for index in 0..<batch.groupCount {
            let group = batch.groups[index]
            let table = group.table.entry
            group.isDone = try engine.tables.lookUpHot(group.lookup, in: table)
            if !group.isDone {
                isLong =
                    isLong || group.lookup.keys.count > Self.storedKeysOnLoop
                    || engine.tables.readsMissMemory(of: table)
            }
        }
        if isLong { return false }
        try lookUpStored(batch)
        return true
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
            let expired = batch.dropExpired(at: .now())
            pools.lookups.countDropped(expired)
            do throws(TablesError) {
                // Leaving keys out has undone what the loop had found.
                if expired > 0 {
                    for index in 0..<batch.groupCount {
                        let group = batch.groups[index]
                        group.isDone = try engine.tables.lookUpHot(group.lookup, in: group.table.entry)
                    }
                }
                try lookUpStored(batch)
                batch.answer(into: &writer, frameLimit: connection.frameLimit)
            } catch {
                writer.removeAll()
                answerOneByOne(batch, into: &writer, frameLimit: connection.frameLimit)
            }
        }
        connection.deliver(writer.bytes, count: batch.gets.count)
        spares.putBack(batch)
    }

    /// Each request by itself, so that what is wrong with one is its own.
    private func answerOneByOne(_ batch: LookupBatch, into writer: inout ByteWriter, frameLimit: Int) {
        let lookup = RowLookup()
        for get in batch.gets {
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
                writer.endResponse(to: get.id, .get, start: start, limit: frameLimit)
            } catch {
                writer.takeBack(to: start)
                batch.fail(get, RPCError(error), into: &writer)
            }
        }
    }

    /// Beyond it the keys of a burst are looked up, and answered, in parts.
    static let keysAtOnce = 4096
    /// Keys that are read from the store on the loop, where memory has what it needs.
    static let storedKeysOnLoop = 1024
}
