extension Parser {
    mutating func parseApplication() throws(SQLError) -> ApplicationSyntax {
        var application = ApplicationSyntax(name: try parseName("the application's name"))
        guard take("OPTIONS") else { return application }
        _ = try parseList { parser throws(SQLError) in try parser.parseOption(of: &application) }
        return application
    }

    private mutating func parseOption(of application: inout ApplicationSyntax) throws(SQLError) {
        let name = try parseName("an option")
        func once<T>(_ former: T?) throws(SQLError) {
            guard former == nil else { throw source.error(.syntax, at: name.offset, "\(name.key) stands twice") }
        }
        switch name.key {
        case "checkpoint":
            try once(application.checkpointMilliseconds)
            try expect(symbol: "=")
            application.checkpointMilliseconds = try parseCheckpoint()
        case "watermark_confidence":
            try once(application.watermarkConfidence)
            try expect(symbol: "=")
            application.watermarkConfidence = try parseConfidence()
        default:
            throw source.error(
                .name, at: name.offset, "there is no option \(name.text)",
                hint: "the options are checkpoint = '200 ms', the least time between two checkpoints, and "
                    + "watermark_confidence = '0.999', the share of records to come before the watermark passes them")
        }
    }

    private mutating func parseCheckpoint() throws(SQLError) -> Int {
        let start = offset
        let text = try parseString("a time")
        let parts = text.split(separator: " ")
        let units = ["ms": 1, "s": 1_000, "second": 1_000, "seconds": 1_000, "minute": 60_000, "minutes": 60_000]
        if parts.count == 2, let number = Int(parts[0]), let unit = units[parts[1].lowercased()] {
            let (milliseconds, overflows) = number.multipliedReportingOverflow(by: unit)
            if !overflows, SQLLimits.checkpointMilliseconds.contains(milliseconds) { return milliseconds }
        }
        throw source.error(
            .meaning, at: start, "checkpoint is no time from '1 ms' to '60 minutes'", hint: "for instance '200 ms'")
    }

    private mutating func parseConfidence() throws(SQLError) -> Double {
        let start = offset
        let text = try parseString("a number between 0 and 1")
        // Double reads more than people write: hexadecimal digits, nan.
        if text.allSatisfy({ $0 == "." || ("0"..."9").contains($0) }), let confidence = Double(text),
            confidence > 0, confidence < 1
        {
            return confidence
        }
        throw source.error(
            .meaning, at: start, "watermark_confidence is no number greater than 0 and less than 1",
            hint: "for instance '0.999': one record in a thousand may come behind the watermark")
    }
}
