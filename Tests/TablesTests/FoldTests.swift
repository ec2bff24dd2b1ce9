import Records
import Tables
import Testing

@Suite struct FoldTests {
    private let table = Fixture.delays()

    private func filled() throws -> TestStore {
        let store = try TestStore(table)
        var rows: [(tuple: [UInt8], operand: [UInt8])] = []
        for pane in -10..<10 as Range<Int64> {
            rows.append(
                (try Fixture.tuple(.string("UA"), .timestamp(pane * 10)), Fixture.delay(pane, y: "\(pane)", at: pane)))
            rows.append((try Fixture.tuple(.string("UA\0"), .timestamp(pane * 10)), Fixture.delay(1000)))
            rows.append((try Fixture.tuple(.null, .timestamp(pane * 10)), Fixture.delay(7)))
        }
        try store.tables.merge(rows, into: table)
        return store
    }

    @Test func panesOfAKeyAreCombinedAndPresentedOnce() throws {
        let store = try filled()
        let result = try store.tables.fold(table, key: Fixture.tuple(.string("UA")))
        #expect(result.panes == 20)
        #expect(
            try result.row.map { try table.values(of: $0) }
                == [.int64(20), .double(-0.5), .int64(40), .string("9")])
    }

    @Test func theRangeTakesPanesThatStartInIt() throws {
        let store = try filled()
        func panes(_ from: Int64?, _ to: Int64?) throws -> Int {
            try store.tables.fold(table, key: Fixture.tuple(.string("UA")), from: from, to: to).panes
        }
        #expect(try panes(-100, 100) == 20)
        #expect(try panes(0, 10) == 1)
        #expect(try panes(-10, 11) == 3)
        #expect(try panes(1, 10) == 0)
        #expect(try panes(nil, -90) == 1)
        #expect(try panes(90, nil) == 1)
        #expect(try panes(50, 40) == 0)
        #expect(try store.tables.fold(table, key: Fixture.tuple(.string("ZZ"))).row == nil)
        #expect(try store.tables.fold(table, key: Fixture.tuple(.null), from: 0, to: 20).panes == 2)
    }

    @Test func aFoldIsTheMergeOfItsPanes() throws {
        var random = Seeded(3)
        let store = try TestStore(table)
        var expected = (n: Int64(0), sum: Int64(0))
        for _ in 0..<300 {
            let pane = Int64.random(in: 0..<20, using: &random)
            let x = Int64.random(in: -1000...1000, using: &random)
            try store.tables.merge(
                [(try Fixture.tuple(.string("k"), .timestamp(pane * 10)), Fixture.delay(x))], into: table)
            if (5..<15).contains(pane) { expected = (expected.n + 1, expected.sum + x) }
        }
        let result = try store.tables.fold(table, key: Fixture.tuple(.string("k")), from: 50, to: 150)
        let values = try result.row.map { try table.values(of: $0) }
        #expect(values?[0] == .int64(expected.n))
        #expect(values?[1] == .double(Double(expected.sum) / Double(expected.n)))
    }

    @Test func aTableWithoutPanesSaysSo() throws {
        let store = try TestStore(Fixture.counts())
        let error = #expect(throws: TablesError.self) { try store.tables.fold(Fixture.counts(), key: []) }
        #expect(error?.code == .unsupported)
        #expect(error?.description.contains("no panes") == true)
    }

    @Test func theKeyComesWithoutThePane() throws {
        let store = try filled()
        let error = #expect(throws: TablesError.self) {
            try store.tables.fold(table, key: Fixture.tuple(.string("UA"), .timestamp(0)))
        }
        #expect(error?.code == .wrongKey)
        #expect(error?.description.contains("(carrier)") == true)
    }
}
