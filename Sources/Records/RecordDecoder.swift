/// Turns record values into columns: only those columns that somebody needs.
package struct RecordDecoder: Sendable {
    package let format: RecordFormat
    package let schema: [InputColumn]
    /// Indices into `schema`; the batch's columns come in this order.
    package let needed: [Int]
    private let jsonPaths: JSONPaths?

    package init(format: RecordFormat, schema: [InputColumn], needed: [Int]) {
        self.format = format
        self.schema = schema
        self.needed = needed
        jsonPaths = format == .json ? JSONPaths(needed.map { schema[$0].path }) : nil
    }

    package func decode(_ values: ByteStrings) -> DecodedRecords {
        if let jsonPaths { return decodeJSON(values, jsonPaths) }
        return decodeDelimited(values, delimiter: format == .tsv ? Delimiter.tab : Delimiter.comma)
    }
}
