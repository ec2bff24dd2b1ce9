import Foundation
import Testing

extension BadLuckTests {
    @Test func aMalformedBatchFileNamesThePlaceAndLeavesTheServingVersion() throws {
        let server = try Self.deployed()
        func refuse(_ name: String, _ text: String, _ place: String, _ reason: String) throws {
            try refuse(name, Data(text.utf8), place, reason)
        }
        func refuse(_ name: String, _ bytes: Data, _ place: String, _ reason: String) throws {
            let path = server.folder.path + "/" + name
            try bytes.write(to: URL(fileURLWithPath: path))
            try expectRefusal(
                ["load", "cities", path, "--work", server.folder.path + "/work"], environment: server.environment,
                mentions: path + place, reason)
        }
        let header = "city,country,people\nRome,IT,1\n"
        try refuse("type.csv", header + "Oslo,NO,many\n", ":3: ", "column people: expected INT64")
        try refuse("great.csv", header + "Oslo,NO,99999999999999999999\n", ":3: ", "column people")
        try refuse("short.csv", header + "Oslo,NO\n", ":3: ", "2 fields instead of 3")
        try refuse("long.csv", header + "Oslo,NO,1,2\n", ":3: ", "4 fields instead of 3")
        try refuse("quote.csv", header + "Oslo,\"NO,1\nBonn,DE,1\n", ":3:6: ", "quote is never closed")
        try refuse("missing.csv", "city,people\nOslo,1\n", ":1: ", "no column country")
        try refuse("keyless.csv", "country,people\nNO,1\n", ":1: ", "no column city")
        try refuse("twice.csv", "city,city,people\nOslo,NO,1\n", ":1: ", "city 2 times")
        try refuse("empty.csv", "", ":1: ", "empty")
        try refuse("utf8.csv", Data((header + "Oslo,N").utf8) + [0xff] + Data("O,1\n".utf8), ":3: ", "UTF-8")
        let line = #"{"city": "Rome", "country": "IT", "people": 1}"# + "\n"
        try refuse("junk.jsonl", line + "junk\n", ":2: ", "not JSON")
        try refuse("type.jsonl", line + #"{"city": "Oslo", "people": "many"}"# + "\n", ":2: ", "column people")
        try refuse("array.jsonl", line + "[1]\n", ":2: ", "object")
        try refuse("utf8.jsonl", Data((line + #"{"city": ""#).utf8) + [0xff] + Data("\"}\n".utf8), ":2: ", "UTF-8")
        try refuse("cities.txt", "Oslo", "", ".csv")
        #expect(try server.maser(["scan", "cities", "--json"]).lines == Self.paris)
        #expect(try server.maser(["versions", "cities", "--json"]).lines.count == 1)
    }

    @Test func aMalformedRecordIsCountedAndKeptWithItsReasonAndStopsNothing() throws {
        let server = try Self.deployed()
        let malformed = [
            (#"{"at": "2924-03-01T00:00:00Z", "id": 1, "amount": 1}"#, "more than 366 days after"),
            (#"{"at": "1799-03-01T00:00:00Z", "id": 1, "amount": 1}"#, "before 1900"),
            (#"{"id": 1, "amount": 1}"#, "no event time"),
            (#"{"at": null, "id": 1, "amount": 1}"#, "no event time"),
            (#"{"at": "yesterday", "id": 1, "amount": 1}"#, "column at"),
            (#"{"at": "2024-03-01T00:00:00Z", "id": 1, "amount": "one"}"#, "column amount"),
            (#"{"at": "2024-03-01T00:00:00Z", "id": 1, "amount": 1.5}"#, "column amount"),
            (#"{"at": "2024-03-01T00:00:00Z", "id": 1"#, "not JSON"),
            ("not JSON", "not JSON"),
            ("[1]", "not an object"),
        ]
        let good = #"{"at": "2024-03-01T00:00:00Z", "id": 1, "amount": 5}"#
        let input = malformed.map { $0.0 + "\n" + good + "\n" }.joined()
        let appended = try server.maser(["append", "orders"], input: input)
        #expect(appended.exitCode == 0, "\(appended.errors)")
        try server.waitUntilApplied()
        let row = #"{"id":1,"times":\#(malformed.count),"amount":\#(malformed.count * 5)}"#
        #expect(try server.maser(["get", "by_id", "--json", "1"]).lines == [row])

        let letters = try server.maser(["tail", "shop_dead_letters", "--json"]).lines.map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
        #expect(letters.count == malformed.count)
        for (record, reason) in malformed {
            let reasons = letters.filter { $0["value"] as? String == record }.map {
                $0["header_reason"] as? String ?? ""
            }
            #expect(reasons.count == 1 && reasons[0].contains(reason), "\(record): \(reasons)")
        }
        let forPeople = try server.maser(["tail", "shop_dead_letters"]).output
        #expect(forPeople.contains("reason=the event time is before 1900"), "\(forPeople)")
        let status = try server.maser(["status", "--json"]).output
        #expect(status.contains(#""dead_letters":\#(malformed.count),"#), "\(status)")
        #expect(server.kill(SIGTERM) == 0)
    }
}
