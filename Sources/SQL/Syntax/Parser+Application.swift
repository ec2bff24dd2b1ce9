internal import Catalog

extension Parser {
    mutating func parseApplication() throws(SQLError) -> ApplicationSyntax {
        var application = ApplicationSyntax(name: try parseName("the application's name"))
        guard isAt("OPTIONS") else { return application }
        application.hasOptions = true
        let options = try parseOptions([
            "checkpoint = '200 ms', the least time between two checkpoints",
            "watermark_confidence = '0.999', the share of records to come before the watermark passes them",
            "state = 'exactly-once', how often a record counts in the tables",
            "output = 'at-least-once', how often it leaves a trace in the output categories",
        ])
        for option in options {
            switch option.name.key {
            case "checkpoint": application.checkpointMilliseconds = try checkpoint(option)
            case "watermark_confidence": application.watermarkConfidence = try confidence(option)
            case "state":
                application.state = try choice(option, Semantics.allCases)
                application.semanticsOffset = application.semanticsOffset ?? option.offset
            default:
                application.output = try choice(option, Semantics.allCases)
                application.semanticsOffset = option.offset
            }
        }
        return application
    }

    private func checkpoint(_ option: OptionSyntax) throws(SQLError) -> Int {
        let parts = option.value.split(separator: " ")
        let units = ["ms": 1, "s": 1_000, "second": 1_000, "seconds": 1_000, "minute": 60_000, "minutes": 60_000]
        if parts.count == 2, let number = Int(parts[0]), let unit = units[parts[1].lowercased()] {
            let (milliseconds, overflows) = number.multipliedReportingOverflow(by: unit)
            if !overflows, SQLLimits.checkpointMilliseconds.contains(milliseconds) { return milliseconds }
        }
        throw source.error(
            .meaning, at: option.offset, "checkpoint is no time from '1 ms' to '60 minutes'",
            hint: "for instance '200 ms'")
    }

    private func confidence(_ option: OptionSyntax) throws(SQLError) -> Double {
        // Double reads more than people write: hexadecimal digits, nan.
        if option.value.allSatisfy({ $0 == "." || ("0"..."9").contains($0) }), let confidence = Double(option.value),
            confidence > 0, confidence < 1
        {
            return confidence
        }
        throw source.error(
            .meaning, at: option.offset, "watermark_confidence is no number greater than 0 and less than 1",
            hint: "for instance '0.999': one record in a thousand may come behind the watermark")
    }
}
