internal import Foundation

/// Lets every thread of this process, and those that they start, give way to others: a build takes all cores, and whoever answers
/// lookups on the same machine goes first. Where nobody else wants them it changes nothing.
func lowerPriority() {
    let niceness: Int32 = 10
    for thread in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
        guard let id = id_t(thread) else { continue }
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id, niceness)
    }
}
