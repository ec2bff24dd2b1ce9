internal import Catalog
internal import Records

extension Parser {
    static let categoryClauses = ["BUCKETS", "BY", "FORMAT", "RETAIN", "OPTIONS", "AS SELECT"]

    mutating func parseCategory() throws(SQLError) -> CategorySyntax {
        var category = CategorySyntax(name: try parseName("the category's name"))
        while true {
            if isAt("BUCKETS") {
                try once(category.buckets, "BUCKETS")
                advance()
                category.buckets = try parseInteger("a number of buckets", in: 1...SQLLimits.buckets)
            } else if isAt("BY") {
                try once(category.bucketColumn, "BY")
                advance()
                category.bucketColumn = try parseName("the field to bucket by")
            } else if isAt("FORMAT") {
                try once(category.format, "FORMAT")
                category.formatOffset = offset
                advance()
                category.format = try parseChoice([("JSON", .json), ("CSV", .csv), ("TSV", .tsv)])
            } else if isAt("RETAIN") {
                try parseRetention(&category.retention)
            } else if isAt("OPTIONS") {
                guard !category.hasOptions else { throw source.error(.syntax, at: offset, "OPTIONS stands twice") }
                try parseOptions(of: &category)
            } else if isAt("AS") {
                advance()
                guard isAt("SELECT") else { throw unexpected("SELECT") }
                category.query = try parseQuery()
                return category
            } else {
                return category
            }
        }
    }

    /// `RETAIN 7 DAYS, 10 GIB`, or a RETAIN for each.
    private mutating func parseRetention(_ retention: inout Retention?) throws(SQLError) {
        var clause = offset
        advance()
        while true {
            try parseLimit(&retention, clause)
            clause = offset
            guard take(symbol: ",") else { return }
        }
    }

    private mutating func parseLimit(_ retention: inout Retention?, _ clause: Int) throws(SQLError) {
        let start = offset
        let number = try parseInteger("how long or how much to retain", in: 1...Int.max)
        var result = retention ?? Retention()
        if let unit = takeByteUnit() {
            let (bytes, overflows) = Int64(number).multipliedReportingOverflow(by: unit)
            guard !overflows else { throw source.error(.meaning, at: start, "no disk is that large") }
            guard result.bytes == nil else { throw source.error(.syntax, at: clause, "RETAIN by size stands twice") }
            result.bytes = bytes
        } else if let unit = takeTimeUnit() {
            guard result.microseconds == nil else {
                throw source.error(.syntax, at: clause, "RETAIN by time stands twice")
            }
            result.microseconds = try duration(number, unit, at: start)
        } else {
            throw unexpected(Self.timeUnits + Self.byteUnits, hint: lengthHint)
        }
        retention = result
    }

    private mutating func parseOptions(of category: inout CategorySyntax) throws(SQLError) {
        let options = try parseOptions([
            "acknowledge = 'fsync' or 'written'", "compression = 'zstd', 'lz4' or 'none'",
            "quota = '10 MIB', of what clients append in a second",
        ])
        category.hasOptions = true
        for option in options {
            switch option.name.key {
            case "acknowledge": category.acknowledgement = try choice(option, Acknowledgement.allCases)
            case "compression": category.compression = try choice(option, Compression.allCases)
            default:
                category.quotaBytesPerSecond = try bytes(option)
                category.quotaOffset = option.offset
            }
        }
    }

    private func bytes(_ option: OptionSyntax) throws(SQLError) -> Int64 {
        let units = ["BYTES": 0, "KIB": 10, "MIB": 20, "GIB": 30]
        let parts = option.value.split(separator: " ")
        if parts.count == 2, let number = Int64(parts[0]), number > 0, let shift = units[parts[1].uppercased()],
            number <= Int64.max >> shift
        {
            return number << shift
        }
        throw source.error(
            .meaning, at: option.offset, "\(option.name.key) is no number of bytes", hint: "for instance '10 MIB'")
    }
}
