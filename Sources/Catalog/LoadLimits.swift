/// What a loaded version must keep of the serving one before it serves; a table's statement sets it.
package struct LoadLimits: Codable, Hashable, Sendable {
    /// The least ratio of its rows to those of the serving version.
    package var leastRows: Double
    /// The least ratio of its bytes.
    package var leastBytes: Double
    /// How much a greater share of a column's values may be NULL.
    package var nullRise: Double

    package init(leastRows: Double = 0.5, leastBytes: Double = 0.5, nullRise: Double = 0.2) {
        self.leastRows = leastRows
        self.leastBytes = leastBytes
        self.nullRise = nullRise
    }
}
