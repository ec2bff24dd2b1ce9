/// What the values of a category's records are.
package enum RecordFormat: String, Codable, Hashable, Sendable {
    case json = "JSON"
    case csv = "CSV"
    case tsv = "TSV"
}
