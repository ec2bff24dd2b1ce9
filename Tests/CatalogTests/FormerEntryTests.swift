import Catalog
import Expressions
import Foundation
import Records
import Testing

/// A data folder outlives the Maser that made it: entries that were written before a field was known are read.
@Suite struct FormerEntryTests {
    /// The entry after its JSON has lost every one of the fields, wherever they stand.
    private func without<Entry: Codable>(_ fields: Set<String>, _ entry: Entry) throws -> Entry {
        func strip(_ value: Any) -> Any {
            if let object = value as? [String: Any] {
                return object.filter { !fields.contains($0.key) }.mapValues(strip)
            }
            if let array = value as? [Any] { return array.map(strip) }
            return value
        }
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(entry))
        return try JSONDecoder().decode(Entry.self, from: JSONSerialization.data(withJSONObject: strip(json)))
    }

    @Test func anAppHasTheOptionsThatItHadWithoutSayingSo() throws {
        let app = Sample.app(id: 1, name: "delays")
        #expect(try without(["outputIDs", "generation", "isStopped", "state", "output"], app) == app)
        #expect(try without(["watermarkConfidence", "deadLettersFrom"], app) == app)
    }

    @Test func aCategoryKeepsItsRecordsAsBefore() throws {
        let category = Sample.category(id: 1, name: "flights")
        let later: Set = ["acknowledgement", "compression", "quotaBytesPerSecond", "output", "hasGainedBuckets"]
        #expect(try without(later, category) == category)
    }

    @Test func aTableJoinsNothing() throws {
        let table = Sample.table(id: 1, name: "delays")
        #expect(
            try without(["joins", "addedAt", "backfill", "keptInput", "servedSerial", "isRolledBack"], table) == table)
        var upsert = table
        upsert.source = .upsert(
            UpsertQuery(input: "flights", filter: nil, keys: [.column(0, .string)], values: [], delete: nil))
        #expect(try without(["joins"], upsert) == upsert)
    }

    @Test func whatIsKnownNowIsKept() throws {
        var category = Sample.category(id: 1, name: "late")
        (category.acknowledgement, category.compression) = (.written, .lz4)
        (category.quotaBytesPerSecond, category.hasGainedBuckets, category.app) = (5, true, "delays")
        category.output = .panes(PaneQuery(tableID: 3, emission: .final, keyColumn: 1))
        #expect(try without([], category) == category)
        var app = Sample.app(id: 1, name: "delays")
        app.options = AppOptions(
            checkpointMilliseconds: 5, watermarkConfidence: 0.9, state: .atMostOnce, output: .atMostOnce)
        (app.outputIDs, app.generation, app.isStopped, app.deadLettersFrom) = ([4], 9, true, 11)
        #expect(try without([], app) == app)
    }
}
