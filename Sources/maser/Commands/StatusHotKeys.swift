internal import MaserClient
internal import RPC
internal import Records

/// A key that many of its table's lookups ask for.
struct HotKeyLine: Encodable {
    var kind = "hot_key"
    var table: String
    var hash: String
    /// Of the table's lookups of the last minute or two: so many for certain, and at most.
    var leastShare: Double
    var greatestShare: Double
    /// As `maser get` takes it; nil where it is not revealed, or too long to be kept.
    var key: String?

    init(_ key: WireHotKey, of table: WireTableStatus, _ schema: ServedTable?) throws {
        self.table = table.name
        let digits = String(key.hash, radix: 16)
        hash = String(repeating: "0", count: 16 - digits.count) + digits
        let lookups = Double(max(table.hotKeyLookups, 1))
        leastShare = Double(key.least) / lookups
        greatestShare = min(Double(key.greatest) / lookups, 1)
        if key.hasKey, let schema {
            self.key = keyText(try [UInt8](key.key).withUnsafeBytes(schema.keyValues))
        }
    }

    /// Of all tables; asks for the schemas of those whose keys are in clear.
    static func all(_ status: WireStatusResponse, _ client: Client) async throws -> [HotKeyLine] {
        var lines: [HotKeyLine] = []
        for table in status.tables {
            let isClear = table.hotKeys.contains { $0.hasKey }
            let schema = isClear ? try ServedTable(await client.describe(table: table.name)) : nil
            lines += try table.hotKeys.map { try HotKeyLine($0, of: table, schema) }
        }
        return lines
    }

    static func print(_ keys: [HotKeyLine]) {
        if keys.isEmpty { return }
        var listing = TextTable([
            .init(name: "hot keys of"), .init(name: keys.contains { $0.key != nil } ? "key" : "key, hashed"),
            .init(name: "share of lookups", isNumber: true),
        ])
        for key in keys {
            listing.append([
                key.table, key.key ?? key.hash, HumanText.number((key.leastShare * 1000).rounded() / 10) + "%",
            ])
        }
        Output.standard.line()
        listing.print()
    }
}

/// A key as one line of CSV.
func keyText(_ values: [Value]) -> String {
    values.map { value -> String in
        switch value {
        case .null: return ""
        case .string(let text):
            let isPlain =
                !text.isEmpty && !text.contains { $0 == "," || $0 == "\"" || $0.isNewline } && !text.hasPrefix("[")
            return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
        default: return HumanText.text(of: value)
        }
    }.joined(separator: ",")
}
