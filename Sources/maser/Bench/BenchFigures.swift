internal import Foundation

/// The figures of one benchmark: each by name, a value for each run.
struct BenchFigures {
    private var names: [String] = []
    private var runs: [String: [Double]] = [:]

    mutating func add(_ name: String, _ value: Double) {
        if runs[name] == nil { names.append(name) }
        runs[name, default: []].append(value)
    }

    func median(_ name: String) -> Double {
        let sorted = runs[name, default: []].sorted()
        if sorted.isEmpty { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Writes the medians as one JSON object.
    func write(to path: String?) throws {
        guard let path else { return }
        let medians = Dictionary(uniqueKeysWithValues: names.map { ($0, median($0)) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try (encoder.encode(medians) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError("cannot write \(path): \(systemReason(error))")
        }
    }
}

/// Runs `body` and returns the seconds that it took.
func measure(_ body: () async throws -> Void) async throws -> Double {
    let clock = ContinuousClock()
    let duration = try await clock.measure(body)
    return duration.inSeconds
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
