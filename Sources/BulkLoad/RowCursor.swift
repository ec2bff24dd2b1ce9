/// Walks sorted rows.
class RowCursor {
    /// Good until the next `advance`.
    final var key = UnsafeRawBufferPointer(start: nil, count: 0)
    final var value = UnsafeRawBufferPointer(start: nil, count: 0)

    /// To the first row, then to the next; false at the end.
    func advance() throws(BulkLoadError) -> Bool { false }
}
