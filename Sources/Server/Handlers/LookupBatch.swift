internal import Bytes
internal import Catalog
internal import NIOCore
internal import RPC
internal import Records
internal import Tables

/// The plain gets of a turn of the event loop, which are looked up together: those for the same table, single keys and batches
/// alike, of whatever connection, are one `RowLookup`. It keeps its memory from turn to turn, so that it allocates nothing once
/// warm.
///
/// What it takes from requests is copied: it may be answered after their bytes are gone.
final class LookupBatch: @unchecked Sendable {
    // Handed from the event loop to a thread of the pool and back, and used by one of them at a time. What is marked
    // `@exclusivity(unchecked)` is never reached again from within an access, as in `RowLookup`.

    struct Get {
        let id: UInt64
        let deadline: NIODeadline
        var firstPart: Int
        var partCount: Int
        var isExpired = false
    }

    /// What one get asks of one table.
    struct Part {
        let group: Int
        var firstKey: Int
        var keyCount = 0

        var keys: Range<Int> { firstKey..<firstKey + keyCount }
    }

    /// Gets of one connection that stand one after the other.
    struct Segment {
        let connection: ServerConnection
        let first: Int
        var end: Int

        var count: Int { end - first }
    }

    final class Group {
        @exclusivity(unchecked) private(set) var lookup = RowLookup()
        @exclusivity(unchecked) var table: TableReference
        @exclusivity(unchecked) var isDone = false

        init(_ table: TableReference) {
            self.table = table
        }

        /// For the next batch. What a very large one needed is not kept.
        func removeAll() {
            let bytes = lookup.keys.arena.capacity + lookup.rows.messages.arena.capacity
            if bytes > LookupBatch.keptBytes { lookup = RowLookup() } else { lookup.removeAll() }
        }
    }

    @exclusivity(unchecked) private(set) var gets: [Get] = []
    @exclusivity(unchecked) private(set) var parts: [Part] = []
    @exclusivity(unchecked) private(set) var segments: [Segment] = []
    /// The first `groupCount` are in use.
    @exclusivity(unchecked) private(set) var groups: [Group] = []
    @exclusivity(unchecked) private(set) var groupCount = 0
    @exclusivity(unchecked) private(set) var keyCount = 0

    var isEmpty: Bool { gets.isEmpty }
    /// By the measure of a key: a table that is named costs something too.
    var work: Int { keyCount + parts.count }
    /// When the last of them stops waiting.
    var deadline: NIODeadline { gets.reduce(.uptimeNanoseconds(0)) { max($0, $1.deadline) } }

    func removeAll() {
        gets.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
        segments.removeAll(keepingCapacity: true)
        for index in 0..<groupCount { groups[index].removeAll() }
        if groups.count > Self.keptGroups { groups.removeLast(groups.count - Self.keptGroups) }
        groupCount = 0
        keyCount = 0
    }

    private static let keptBytes = 2 << 20
    private static let keptGroups = 16

    // MARK: Taking requests

    /// Takes a get in and returns what it costs by the measure of a key; nil where it asks for more than rows of serving versions. One that cannot
    /// be read, or names a table that is not there or not for this caller, leaves nothing behind.
    func take(
        _ request: Request, in burst: RequestBurst, _ catalog: LoopCatalog, _ session: CallerSession
    ) throws(RPCError) -> Int? {
        let firstPart = parts.count
        let firstGroup = groupCount
        let workBefore = work
        do throws(RPCError) {
            if try takeParts(of: request.message, catalog, session) {
                append(
                    Get(
                        id: request.id, deadline: request.deadline, firstPart: firstPart,
                        partCount: parts.count - firstPart), of: burst.connection)
                return work - workBefore
            }
        } catch {
            remove(partsFrom: firstPart, groupsFrom: firstGroup)
            throw error
        }
        remove(partsFrom: firstPart, groupsFrom: firstGroup)
        return nil
    }

    private func append(_ get: Get, of connection: ServerConnection) {
        gets.append(get)
        if let last = segments.indices.last, segments[last].connection === connection {
            segments[last].end = gets.count
        } else {
            segments.append(Segment(connection: connection, first: gets.count - 1, end: gets.count))
        }
    }

    /// Takes in what another batch has of one connection.
    func take(_ segment: Segment, of other: LookupBatch) {
        for get in other.gets[segment.first..<segment.end] {
            let firstPart = parts.count
            for part in other.parts[get.firstPart..<get.firstPart + get.partCount] {
                let from = other.groups[part.group]
                let index = group(of: from.table)
                let lookup = groups[index].lookup
                parts.append(Part(group: index, firstKey: lookup.keys.count, keyCount: part.keyCount))
                lookup.keys.append(from.lookup.keys, part.firstKey..<part.firstKey + part.keyCount)
                keyCount += part.keyCount
            }
            append(
                Get(id: get.id, deadline: get.deadline, firstPart: firstPart, partCount: get.partCount),
                of: segment.connection)
        }
    }

    private func takeParts(
        of message: UnsafeRawBufferPointer, _ catalog: LoopCatalog, _ session: CallerSession
    ) throws(RPCError) -> Bool {
        var asked = 0
        do {
            var fields = ProtobufReader(message)
            while let field = try fields.next() {
                guard field.wireType == .lengthDelimited else { continue }
                if field.number == WireGetRequest.contractField { return false }
                guard field.number == WireGetRequest.tablesField else { continue }
                var wanted = try WireTableKeys.PlainReader(field.bytes)
                guard wanted.isPlain else { return false }
                let index = group(of: try catalog.table(wireName: wanted.table, for: session))
                let lookup = groups[index].lookup
                parts.append(Part(group: index, firstKey: lookup.keys.count))
                let count = try LookupBatch.takeKeys(
                    of: &wanted, atMost: LookupHandler.keysPerRequest - asked, to: &lookup.keys)
                parts[parts.count - 1].keyCount = count
                keyCount += count
                guard wanted.isPlain else { return false }
                // A table without keys is work too.
                asked += max(1, count)
                guard asked <= LookupHandler.keysPerRequest else { throw RPCError.tooManyKeys }
            }
        } catch {
            throw RPCError(error)
        }
        return true
    }

    /// How many they were; one too many says that there are more.
    private static func takeKeys(
        of wanted: inout WireTableKeys.PlainReader, atMost limit: Int, to keys: inout ByteStrings
    ) throws(BytesError) -> Int {
        var count = 0
        while count <= limit, let key = try wanted.nextKey() {
            keys.append(key)
            count += 1
        }
        return count
    }

    private func group(of table: TableReference) -> Int {
        for index in 0..<groupCount where groups[index].table.isRead(like: table) { return index }
        if groupCount == groups.count {
            groups.append(Group(table))
        } else {
            groups[groupCount].table = table
        }
        groups[groupCount].isDone = false
        groupCount += 1
        return groupCount - 1
    }

    private func remove(partsFrom firstPart: Int, groupsFrom firstGroup: Int) {
        while parts.count > firstPart {
            let part = parts.removeLast()
            groups[part.group].lookup.keys.truncate(to: part.firstKey)
            keyCount -= part.keyCount
        }
        groupCount = firstGroup
    }

    /// Of one connection's gets, in their order.
    func parts(of segment: Segment) -> ArraySlice<Part> {
        let last = gets[segment.end - 1]
        return parts[gets[segment.first].firstPart..<last.firstPart + last.partCount]
    }

    // MARK: Those who stopped waiting

    /// Leaves out the keys of gets whose deadline has passed. How many those are.
    func dropExpired(at now: NIODeadline) -> Int {
        var count = 0
        for index in gets.indices where gets[index].deadline <= now {
            gets[index].isExpired = true
            count += 1
        }
        guard count > 0 else { return 0 }
        for index in 0..<groupCount {
            let lookup = groups[index].lookup
            let keys = lookup.keys
            lookup.removeAll()
            for get in gets where !get.isExpired {
                for part in get.firstPart..<get.firstPart + get.partCount where parts[part].group == index {
                    let first = parts[part].firstKey
                    parts[part].firstKey = lookup.keys.count
                    lookup.keys.append(keys, first..<first + parts[part].keyCount)
                }
            }
        }
        return count
    }

    // MARK: Answers

    /// Writes the answers to one connection's gets, in their order. Every group has its rows.
    func answer(_ segment: Segment, into writer: inout ByteWriter) {
        let limit = segment.connection.frameLimit
        // Taken from the class once: each use would count references.
        let (gets, parts, groups) = (gets, parts, groups)
        for index in segment.first..<segment.end {
            answer(gets[index], parts, groups, into: &writer, frameLimit: limit)
        }
    }

    private func answer(
        _ get: Get, _ parts: [Part], _ groups: [Group], into writer: inout ByteWriter, frameLimit: Int
    ) {
        if get.isExpired {
            return writer.append(failure: RPCError(.deadlineExceeded), to: get.id, Operation.get.rawValue)
        }
        let start = writer.beginResponse(to: get.id, .get)
        for part in get.firstPart..<get.firstPart + get.partCount {
            let part = parts[part]
            let group = groups[part.group]
            group.lookup.append(part.firstKey..<part.firstKey + part.keyCount, of: group.table, to: &writer)
        }
        writer.endResponse(to: get.id, .get, start: start, limit: frameLimit)
    }

    func fail(_ get: Get, _ error: RPCError, into writer: inout ByteWriter) {
        writer.append(failure: error, to: get.id, Operation.get.rawValue)
    }
}

extension RowLookup {
    /// Writes some of its rows as one table's in the response of a get.
    func append(_ indices: Range<Int>, of table: TableReference, to writer: inout ByteWriter) {
        let (id, revision, version) = (table.id, table.schemaRevision, servedVersion)
        rows.messages.arena.withUnsafeBytes { arena in
            rows.messages.ends.withUnsafeBufferPointer { ends in
                rows.isPresent.withUnsafeBufferPointer { isPresent in
                    WireTableRows.append(
                        indices, of: WireTableRows.Batch(arena: arena, ends: ends, isPresent: isPresent),
                        tableID: id, schemaRevision: revision, version: version, to: &writer)
                }
            }
        }
    }
}

extension ByteStrings {
    mutating func truncate(to count: Int) {
        guard count < self.count else { return }
        ends.removeLast(self.count - count)
        arena.removeLast(arena.count - (ends.last ?? 0))
    }

    mutating func append(_ others: ByteStrings, _ indices: Range<Int>) {
        others.arena.withUnsafeBytes { bytes in
            for index in indices { append(UnsafeRawBufferPointer(rebasing: bytes[others.range(at: index)])) }
        }
    }
}

extension RPCError {
    static var tooManyKeys: RPCError {
        RPCError(.invalidArgument, "a request takes up to \(LookupHandler.keysPerRequest) keys; ask in several")
    }
}
