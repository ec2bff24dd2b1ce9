internal import ArgumentParser

/// An amount of memory as a person writes it: `512MiB`, `2 GiB`, or a number of bytes.
struct ByteCount: ExpressibleByArgument {
    var bytes: Int

    private static let units: [(suffix: String, bytes: Int)] = [
        ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("B", 1), ("", 1),
    ]

    init(bytes: Int) {
        self.bytes = bytes
    }

    init?(argument: String) {
        let text = argument.uppercased().filter { !$0.isWhitespace }
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }),
            let count = Int(text.dropLast(unit.suffix.count)), count > 0
        else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: unit.bytes)
        if overflows { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { HumanText.bytes(bytes) }
}
