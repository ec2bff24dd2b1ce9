/// How far a build has come.
package struct BuildProgress: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        /// Source files are read, checked and encoded; counted in bytes.
        case reading
        /// Rows are sorted and written; counted in rows.
        case writing
    }

    package var phase: Phase
    package var done: Int64
    package var total: Int64
    /// Rows read so far.
    package var rows: Int64
}
