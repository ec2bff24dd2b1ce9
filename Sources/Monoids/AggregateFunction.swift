/// What SQL calls an aggregate: one or more states, and how to present them as one value.
///
/// Equal states over the same argument are stored once, so AVG, SUM and COUNT of one column take two fields, not four.
/// The raw values are stored in the catalog.
package enum AggregateFunction: String, Codable, Hashable, Sendable, CaseIterable {
    case count = "COUNT"
    case sumInt64 = "SUM_INT64"
    case sumDouble = "SUM_DOUBLE"
    case averageInt64 = "AVG_INT64"
    case averageDouble = "AVG_DOUBLE"
    case variancePopulation = "VAR_POP"
    case varianceSample = "VAR_SAMP"
    case deviationPopulation = "STDDEV_POP"
    case deviationSample = "STDDEV_SAMP"
    /// BOOL_AND is MIN over BOOL.
    case minimum = "MIN"
    /// BOOL_OR is MAX over BOOL.
    case maximum = "MAX"
    case first = "FIRST"
    case last = "LAST"
    case minimumBy = "MIN_BY"
    case maximumBy = "MAX_BY"

    /// The states that it presents, in the order in which `present` takes them.
    package var states: [MonoidKind] {
        switch self {
        case .count: [.count]
        case .sumInt64: [.sumInt64]
        case .sumDouble: [.sumDouble]
        case .averageInt64: [.sumInt64, .count]
        case .averageDouble: [.sumDouble, .count]
        case .variancePopulation, .varianceSample, .deviationPopulation, .deviationSample:
            [.sumOfSquares, .sumDouble, .count]
        case .minimum: [.minimum]
        case .maximum: [.maximum]
        case .first: [.first]
        case .last: [.last]
        case .minimumBy: [.minimumBy]
        case .maximumBy: [.maximumBy]
        }
    }

    /// Whether the stored state is the presented value, byte for byte, so that a lookup copies it.
    package var isPresentedAsStored: Bool {
        switch self {
        case .count, .minimum, .maximum: true
        default: false
        }
    }
}
