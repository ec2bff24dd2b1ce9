/// What the server counts and measures, at one moment.
package struct FiguresSnapshot: Sendable {
    /// In the order in which they were first named.
    package private(set) var figures: [Figure] = []
    private var indices: [String: Int] = [:]

    package init() {}

    /// Something that goes up and down, such as the bytes that are on disk.
    package mutating func gauge(
        _ name: String, _ value: Double, labels: KeyValuePairs<String, String> = [:], help: String
    ) {
        add(Figure.Sample(labels: labels, value: value), to: name, .gauge, help)
    }

    /// Something that only grows until the server restarts; its name ends in `_total`.
    package mutating func counter(
        _ name: String, _ value: Double, labels: KeyValuePairs<String, String> = [:], help: String
    ) {
        add(Figure.Sample(labels: labels, value: value), to: name, .counter, help)
    }

    private mutating func add(_ sample: Figure.Sample, to name: String, _ kind: Figure.Kind, _ help: String) {
        if let index = indices[name] {
            precondition(figures[index].kind == kind, "\(name) is a gauge here and a counter there")
            figures[index].samples.append(sample)
        } else {
            indices[name] = figures.count
            figures.append(Figure(name: name, kind: kind, help: help, samples: [sample]))
        }
    }
}

/// One named figure, with a sample for each combination of labels.
package struct Figure: Sendable {
    package enum Kind: String, Sendable {
        case gauge
        case counter
    }

    package struct Sample: Sendable {
        package var labels: KeyValuePairs<String, String>
        package var value: Double
    }

    /// Such as `maser_bucket_lag_records`: what it is about, then its unit.
    package var name: String
    package var kind: Kind
    package var help: String
    package var samples: [Sample]
}
