// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

extension FiguresSnapshot {
    package static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The figures as Prometheus reads them.
    package var prometheusText: String {
        var text = ""
        for figure in figures {
            text += "# HELP \(figure.name) \(escaped(figure.help, quotes: false))\n"
            text += "# TYPE \(figure.name) \(figure.kind.rawValue)\n"
            for sample in figure.samples {
                text += figure.name
                if !sample.labels.isEmpty {
                    let labels = sample.labels.map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }
                    text += "{\(labels.joined(separator: ","))}"
                }
                text += " \(number(sample.value))\n"
            }
        }
        return text
    }
}

private func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch character {
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\"" where quotes: result += "\\\""
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}

private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    // Counts without a fraction, so that a person can read them.
    return Int64(exactly: value).map(String.init) ?? "\(value)"
}
