package import Records

/// Rows as a reader gets them: messages in one arena, in the order in which they were asked for.
package struct RowMessages: Sendable {
    /// Empty where the row is absent, and where all of its columns are NULL.
    package var messages = ByteStrings()
    package var isPresent: [Bool] = []

    package init() {}

    package var count: Int { isPresent.count }

    /// nil where the row is absent.
    package subscript(index: Int) -> ArraySlice<UInt8>? {
        isPresent[index] ? messages[index] : nil
    }
}
