internal import ArgumentParser

/// How the rows of batch files become those of a table.
struct BuildOptions: ParsableArguments {
    static let leastMemoryBytes = 64 << 20

    @Option(
        name: .customLong("column"),
        help: ArgumentHelp(
            "What the files call a column that has another name in the table; again for more.",
            valueName: "table=source"))
    var columnTexts: [String] = []

    @Option(name: .customLong("null"), help: "What stands for NULL in CSV and TSV, besides nothing.")
    var nullText: String?

    @Option(
        name: .customLong("join"),
        help: ArgumentHelp(
            "Rows of a table that this one's statement joins, in files; again for more.", valueName: "table=path"))
    var joined: [String] = []

    @Option(help: "For rows that are being sorted; what is more goes to the disk for a while.")
    var memory = ByteCount(bytes: 1 << 30)

    func validate() throws {
        _ = try columnNames
        if memory.bytes < Self.leastMemoryBytes {
            throw ValidationError(
                "--memory is \(HumanText.bytes(memory.bytes)), but a build needs at least "
                    + HumanText.bytes(Self.leastMemoryBytes))
        }
    }

    /// By the table's name of a column that of the files.
    var columnNames: [String: String] {
        get throws {
            var names: [String: String] = [:]
            for text in columnTexts {
                guard let sign = text.firstIndex(of: "="), sign != text.startIndex,
                    text.index(after: sign) != text.endIndex
                else {
                    throw ValidationError("--column takes table=source, as in --column price=unit_price, not \(text)")
                }
                let name = String(text[..<sign])
                if names.updateValue(String(text[text.index(after: sign)...]), forKey: name) != nil {
                    throw ValidationError("--column names \(name) twice")
                }
            }
            return names
        }
    }
}
