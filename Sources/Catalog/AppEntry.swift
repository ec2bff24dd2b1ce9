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
    /// Output categories that its processors fill.
    package var outputIDs: [UInt32]
    /// Rises by one with each deploy that changes the app.
    package var generation: UInt32
    /// A person stopped it; it runs again when a person starts it.
    package var isStopped: Bool

    package init(
        id: UInt32, name: String, options: AppOptions, inputTables: [InputTableEntry], tableIDs: [UInt32], sql: String,
        deployedAt: Int64, deadLettersFrom: Int64? = nil, outputIDs: [UInt32] = [], generation: UInt32 = 1,
        isStopped: Bool = false
    ) {
        self.id = id
        self.name = name
        self.options = options
        self.inputTables = inputTables
        self.tableIDs = tableIDs
        self.sql = sql
        self.deployedAt = deployedAt
        self.deadLettersFrom = deadLettersFrom
        self.outputIDs = outputIDs
        self.generation = generation
        self.isStopped = isStopped
    }
}

extension AppEntry {
    /// Entries of former Masers lack what came since.
    package init(from decoder: any Decoder) throws {
        let entry = try decoder.container(keyedBy: CodingKeys.self)
        id = try entry.decode(UInt32.self, forKey: .id)
        name = try entry.decode(String.self, forKey: .name)
        options = try entry.decode(AppOptions.self, forKey: .options)
        inputTables = try entry.decode([InputTableEntry].self, forKey: .inputTables)
        tableIDs = try entry.decode([UInt32].self, forKey: .tableIDs)
        sql = try entry.decode(String.self, forKey: .sql)
        deployedAt = try entry.decode(Int64.self, forKey: .deployedAt)
        deadLettersFrom = try entry.decodeIfPresent(Int64.self, forKey: .deadLettersFrom)
        outputIDs = try entry.decodeIfPresent([UInt32].self, forKey: .outputIDs) ?? []
        generation = try entry.decodeIfPresent(UInt32.self, forKey: .generation) ?? 1
        isStopped = try entry.decodeIfPresent(Bool.self, forKey: .isStopped) ?? false
    }
}

package struct AppOptions: Codable, Hashable, Sendable {
    /// The least time between two checkpoints.
    package var checkpointMilliseconds: Int
    /// The share of records that are expected not to come behind the watermark; between 0 and 1, and neither.
    package var watermarkConfidence: Double
    /// How often a record counts in the app's tables, whatever crashes.
    package var state: Semantics
    /// How often a record leaves a trace in the app's output categories.
    package var output: Semantics

    package init(
        checkpointMilliseconds: Int = 200, watermarkConfidence: Double = 0.999, state: Semantics = .exactlyOnce,
        output: Semantics = .atLeastOnce
    ) {
        self.checkpointMilliseconds = checkpointMilliseconds
        self.watermarkConfidence = watermarkConfidence
        self.state = state
        self.output = output
    }
}

extension AppOptions {
    /// Those of former Masers lack what came since.
    package init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        checkpointMilliseconds = try options.decode(Int.self, forKey: .checkpointMilliseconds)
        if let confidence = try options.decodeIfPresent(Double.self, forKey: .watermarkConfidence) {
            watermarkConfidence = confidence
        }
        if let state = try options.decodeIfPresent(Semantics.self, forKey: .state) { self.state = state }
        if let output = try options.decodeIfPresent(Semantics.self, forKey: .output) { self.output = output }
    }
}

/// What a crash may do to the effect of a record.
package enum Semantics: String, Codable, Hashable, Sendable, CaseIterable {
    /// It may be lost.
    case atMostOnce = "at-most-once"
    /// It may be there twice.
    case atLeastOnce = "at-least-once"
    case exactlyOnce = "exactly-once"
}
