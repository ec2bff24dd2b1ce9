internal import Foundation

/// The time zones that a pane can name. They have a file of their own because Foundation has an `Expression` too.
enum TimeZoneNames {
    static let known = TimeZone.knownTimeZoneIdentifiers
}
