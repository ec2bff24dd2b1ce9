/// A deployed app: one SQL file.
package struct AppEntry: Codable, Hashable, Sendable {
    /// Never reused.
    package var id: UInt32
    package var name: String
    package var options: AppOptions
    package var inputTables: [InputTableEntry]
    /// Tables that its processors fill.
    package var tableIDs: [UInt32]
    /// The file as it was deployed.
    package var sql: String
    /// Microseconds since 1970.
    package var deployedAt: Int64
    /// Where its dead-letter category ended when it was deployed: letters before are those of a former app of the name.
    package var deadLettersFrom: Int64?

    package init(
        id: UInt32, name: String, options: AppOptions, inputTables: [InputTableEntry], tableIDs: [UInt32], sql: String,
        deployedAt: Int64, deadLettersFrom: Int64? = nil
    ) {
        self.id = id
        self.name = name
        self.options = options
        self.inputTables = inputTables
        self.tableIDs = tableIDs
        self.sql = sql
        self.deployedAt = deployedAt
        self.deadLettersFrom = deadLettersFrom
    }
}

package struct AppOptions: Codable, Hashable, Sendable {
    /// The least time between two checkpoints.
    package var checkpointMilliseconds: Int
    /// The share of records that are expected not to come behind the watermark; between 0 and 1, and neither.
    package var watermarkConfidence: Double

    package init(checkpointMilliseconds: Int = 200, watermarkConfidence: Double = 0.999) {
        self.checkpointMilliseconds = checkpointMilliseconds
        self.watermarkConfidence = watermarkConfidence
    }
}
