package import Records

/// A category seen through a schema; belongs to its app.
package struct InputTableEntry: Codable, Hashable, Sendable {
    package var name: String
    package var categoryID: UInt32
    package var format: RecordFormat
    package var columns: [InputColumn]
    /// Index into `columns`; a record without a value there is malformed.
    package var eventTimeColumn: Int?
    package var start: Start
    /// Where START LATEST found each bucket's end when the app was deployed; nil for EARLIEST.
    package var startOffsets: [Int64]?

    package enum Start: String, Codable, Hashable, Sendable {
        case earliest = "EARLIEST"
        case latest = "LATEST"
    }

    package init(
        name: String, categoryID: UInt32, format: RecordFormat, columns: [InputColumn], eventTimeColumn: Int?,
        start: Start, startOffsets: [Int64]? = nil
    ) {
        self.name = name
        self.categoryID = categoryID
        self.format = format
        self.columns = columns
        self.eventTimeColumn = eventTimeColumn
        self.start = start
        self.startOffsets = startOffsets
    }
}
