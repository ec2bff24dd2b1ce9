/// Where a build is. Files and the journal's lines about them are two things, and a build may be killed in between.
package enum BuildStep: Hashable, Sendable, CaseIterable {
    /// A run is written, and no line says so yet.
    case runWritten
    case runFinished
    case allRead
    case rangesPlanned
    /// Files of a range of shards are written, and no line says so yet.
    case rangeWritten
    case rangeFinished
    case manifestWritten
}
