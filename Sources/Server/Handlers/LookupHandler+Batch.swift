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
        worker.note(answeredBytes: answer(batch), of: batch.work)
        spares.putBack(batch)
    }

    /// Answers, or leaves to the pool, what a batch has taken in. Returns how many bytes the rows have that it found.
    private func answer(_ batch: LookupBatch) -> Int {
        do {
            try lookUpHot(batch)
            if batch.segments.contains(where: { waits($0, in: batch) }) {
                sortOut(batch)
            } else {
                try lookUpStored(batch)
                for segment in batch.segments { answer(segment, of: batch) }
            }
        } catch {
            answerApart(batch)
        }
        return (0..<batch.groupCount).reduce(0) { $0 + batch.groups[$1].lookup.rows.messages.arena.count }
    }

    private func answer(_ segment: LookupBatch.Segment, of batch: LookupBatch) {
        segment.connection.answer(count: segment.count) { batch.answer(segment, into: &$0) }
    }

    /// Whether what a connection asks for is to be read on a thread that may wait.
    private func waits(_ segment: LookupBatch.Segment, in batch: LookupBatch) -> Bool {
        var missedCount = 0
        for part in batch.parts(of: segment) {
            let group = batch.groups[part.group]
            if group.isDone { continue }
            let missed = group.lookup.missedCount(in: part.keys)
            if missed > 0, engine.tables.readsMissMemory(of: group.table.entry) { return true }
            missedCount += missed
        }
        return missedCount > Self.storedKeysOnLoop
    }

    /// Some of them have to wait: the others do not wait with them.
    private func sortOut(_ batch: LookupBatch) {
        let others = spares.take()
        for segment in batch.segments {
            if waits(segment, in: batch) {
                submit(segment, of: batch)
            } else if batch.parts(of: segment).allSatisfy({ part in
                let group = batch.groups[part.group]
                return group.isDone || group.lookup.missedCount(in: part.keys) == 0
            }) {
                answer(segment, of: batch)
            } else {
                others.take(segment, of: batch)
            }
        }
        do {
            try lookUpHot(others)
            try lookUpStored(others)
            for segment in others.segments { answer(segment, of: others) }
        } catch {
            answerApart(others)
        }
        spares.putBack(others)
    }

    /// One of them asks for what cannot be: each connection has its own looked up, and the others do not suffer for it.
    private func answerApart(_ batch: LookupBatch) {
        guard batch.segments.count == 1 else {
            for segment in batch.segments {
                let part = spares.take()
                part.take(segment, of: batch)
                _ = answer(part)
                spares.putBack(part)
            }
            return
        }
        for segment in batch.segments {
            if missesMemory(batch) || batch.keyCount > Self.storedKeysOnLoop {
                submit(segment, of: batch)
            } else {
                segment.connection.answer(count: segment.count) { answerOneByOne(batch, segment, into: &$0) }
            }
        }
    }

    /// Has one connection's part answered by the pool.
    private func submit(_ segment: LookupBatch.Segment, of batch: LookupBatch) {
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

    private func lookUpHot(_ batch: LookupBatch) throws(TablesError) {
        for index in 0..<batch.groupCount {
            let group = batch.groups[index]
            group.isDone = try engine.tables.lookUpHot(group.lookup, in: group.table.entry)
        }
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
                try lookUpHot(batch)
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

    /// Beyond it the gets of a turn are looked up, and answered, in parts.
    static let workAtOnce = 4096
    /// So are those whose answers will have more bytes than this, by what the last ones had.
    static let bytesAtOnce = 2 << 20
    /// Keys of one connection that are read from the store on the loop, where memory has what it needs.
    static let storedKeysOnLoop = 1024
}
