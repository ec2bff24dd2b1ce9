import Bytes
import Catalog
import Records
import Tables
import Testing

/// Reads of one version of a table, whatever serves.
@Suite struct PinTests {
    private static func table(serving: UInt32, versions: [UInt32] = [1, 2]) -> TableEntry {
        var table = Fixture.delays()
        table.versions = versions.map { VersionEntry(number: $0, createdAt: 0, origin: "live") }
        table.servingVersion = serving
        table.nextVersion = 3
        return table
    }

    /// Twenty panes, each of one record: with its number in version 1, with its number plus 100 in version 2.
    private func filled() throws -> TestStore {
        let store = try TestStore(Self.table(serving: 1))
        for version in [1, 2] as [UInt32] {
            try store.tables.merge(
                (0..<20).map { pane in
                    (
                        try Fixture.tuple(.string("UA"), .timestamp(pane * 10)),
                        Fixture.delay(pane + (version == 2 ? 100 : 0))
                    )
                }, into: Self.table(serving: 1), version: version)
        }
        return store
    }

    private func means(_ rows: RowMessages, _ table: TableEntry) throws -> [Value] {
        try (0..<rows.count).compactMap { try rows[$0].map { try table.values(of: [UInt8]($0))[1] } }
    }

    private func expectGone(_ body: () throws -> Void) {
        let error = #expect(throws: TablesError.self) { try body() }
        #expect(error?.code == .versionGone)
        #expect(error?.message.contains("there is no version") == true)
    }

    @Test func aLookupReadsTheVersionThatItIsPinnedToWhileThatExists() throws {
        let store = try filled()
        let table = Self.table(serving: 1)
        let lookup = RowLookup()
        func look(_ version: UInt32?) throws -> [Value] {
            lookup.removeAll()
            lookup.version = version
            lookup.keys.append(try Fixture.tuple(.string("UA"), .timestamp(30)))
            if try !store.tables.lookUpHot(lookup, in: table) { try store.tables.lookUpStored(lookup, in: table) }
            #expect(lookup.servedVersion == version ?? 1)
            return try means(lookup.rows, table)
        }
        for _ in 0..<3 {
            #expect(try look(nil) == [.double(3)])
            #expect(try look(2) == [.double(103)])
            #expect(try look(1) == [.double(3)])
        }
        expectGone { _ = try look(7) }
        try store.catalog.update { try $0.put(Self.table(serving: 1, versions: [1])) }
        try store.tables.dropVersion(table: table.id, version: 2)
        expectGone { _ = try look(2) }
        #expect(try look(nil) == [.double(3)])
    }

    @Test func aFoldReadsTheVersionThatItIsPinnedTo() throws {
        let store = try filled()
        let table = Self.table(serving: 1)
        let key = try Fixture.tuple(.string("UA"))
        for (pin, mean) in [(nil, 9.5), (1, 9.5), (2, 109.5)] as [(UInt32?, Double)] {
            let result = try store.tables.fold(table, key: key, version: pin)
            #expect(result.version == pin ?? 1 && result.panes == 20)
            #expect(try result.row.map { try table.values(of: $0)[1] } == .double(mean))
        }
        expectGone { _ = try store.tables.fold(table, key: key, version: 3) }
    }

    @Test func aScanGoesOnInTheVersionThatItBeganOnWhateverServesSince() throws {
        let store = try filled()
        var range = ScanRange(limit: 7)
        let first = try store.tables.scan(Self.table(serving: 1), range)
        #expect(first.version == 1)
        range.continuation = first.continuation
        let switched = Self.table(serving: 2)
        try store.catalog.update { try $0.put(switched) }
        var found = try means(first.rows, switched)
        while !range.continuation.isEmpty {
            let page = try store.tables.scan(switched, range)
            #expect(page.version == 1)
            found += try means(page.rows, switched)
            range.continuation = page.continuation
        }
        #expect(found == (0..<20).map { Value.double(Double($0)) })
        range.continuation = first.continuation
        try store.catalog.update { try $0.put(Self.table(serving: 2, versions: [2])) }
        try store.tables.dropVersion(table: switched.id, version: 1)
        let error = #expect(throws: TablesError.self) {
            _ = try store.tables.scan(Self.table(serving: 2, versions: [2]), range)
        }
        #expect(error?.code == .versionGone)
        #expect(error?.message.contains("begin it anew") == true)
    }

    @Test func aScanMayBePinnedAndItsContinuationIsOfThatVersion() throws {
        let store = try filled()
        let table = Self.table(serving: 1)
        var range = ScanRange(limit: 5, version: 2)
        var page = try store.tables.scan(table, range)
        #expect(page.version == 2)
        #expect(try means(page.rows, table) == (100..<105).map { Value.double(Double($0)) })
        range.continuation = page.continuation
        page = try store.tables.scan(table, range)
        #expect(try means(page.rows, table) == (105..<110).map { Value.double(Double($0)) })
        range.version = 1
        let error = #expect(throws: TablesError.self) { _ = try store.tables.scan(table, range) }
        #expect(error?.code == .wrongContinuation)
        range = ScanRange(version: 9)
        expectGone { _ = try store.tables.scan(table, range) }
    }

    @Test func rawRowsAreTheStoredStatesWithoutTheirEnvelope() throws {
        let store = try filled()
        let table = Self.table(serving: 1)
        var keys = ByteStrings()
        keys.append(try Fixture.tuple(.string("UA"), .timestamp(40)))
        keys.append(try Fixture.tuple(.string("nobody"), .timestamp(40)))
        let (rows, version) = try store.tables.getStates(table, keys: keys)
        #expect(version == 1 && rows.count == 2 && rows[1] == nil)
        var writer = ByteWriter()
        OperandPrefix(of: Fixture.delays()).append(to: &writer)
        let message = Array(Fixture.delay(4).dropFirst(writer.count))
        #expect(rows[0].map { [UInt8]($0) } == message)
        let page = try store.tables.scan(table, ScanRange(limit: 6, isRaw: true))
        #expect(page.rows[4].map { [UInt8]($0) } == message)
        #expect(try store.tables.getStates(table, keys: keys, version: 2).rows[0].map { [UInt8]($0) } != message)
        expectGone { _ = try store.tables.getStates(table, keys: keys, version: 5) }
    }

    @Test func aRawUpsertKeepsWhatDecidesWhichWinsAndADeletedOneIsNone() throws {
        let table = Fixture.aircraft()
        let store = try TestStore(table)
        let order = UpsertOrder.log(eventTime: 5, bucket: 1, offset: 9)
        try store.tables.merge(
            [
                (try Fixture.tuple(.string("N1")), Fixture.plane("UA", order)),
                (try Fixture.tuple(.string("N2")), Fixture.plane(nil, order, isDeleted: true)),
            ], into: table)
        var keys = ByteStrings()
        keys.append(try Fixture.tuple(.string("N1")))
        keys.append(try Fixture.tuple(.string("N2")))
        let rows = try store.tables.getStates(table, keys: keys).rows
        #expect(rows[1] == nil)
        var numbers: [Int] = []
        try [UInt8](rows[0] ?? []).withUnsafeBytes { bytes in
            var fields = ProtobufReader(bytes)
            while let field = try fields.next() { numbers.append(field.number) }
        }
        #expect(numbers == [1, 2000, 2001, 2002])
    }
}
