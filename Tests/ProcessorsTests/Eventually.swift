import Foundation
import Testing

/// Waits for what another thread does; long enough for a machine that is busy with other things.
func eventually(_ what: String, _ holds: () throws -> Bool) throws {
    let limit = Date(timeIntervalSinceNow: 60)
    while try !holds() {
        guard Date() < limit else {
            Issue.record("\(what) does not happen")
            return
        }
        Thread.sleep(forTimeInterval: 0.002)
    }
}
