internal import RPC
internal import Synchronization

/// Files that are read again when they have changed, or when somebody says so.
///
/// A change counts when the files look the same twice in a row: a certificate and its key are never replaced at the same instant, and
/// a file is not written in one.
final class ReloadableFiles: Sendable {
    private struct State {
        var applied: [FileStamp]
        var seen: [FileStamp]
    }

    private let what: String
    private let files: [String]
    private let reload: @Sendable () throws -> String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - what: for people, such as `the certificates`.
    ///   - files: as they were when they were read for the first time, just before.
    ///   - reload: reads them, and says in a few words what is in force then.
    init(_ what: String, _ files: [String], _ reload: @escaping @Sendable () throws -> String) {
        self.what = what
        self.files = files
        self.reload = reload
        let stamps = files.map(FileStamp.init)
        state = Mutex(State(applied: stamps, seen: stamps))
    }

    enum Outcome: Hashable, Sendable {
        case unchanged
        /// A line for a person.
        case read(String)
        /// Those of before stay in force; a line for a person.
        case failed(String)
    }

    /// To be called again and again.
    func look() -> Outcome {
        let stamps = files.map(FileStamp.init)
        let isDue = state.withLock { state in
            defer { state.seen = stamps }
            return stamps != state.applied && stamps == state.seen
        }
        return isDue ? readAgain() : .unchanged
    }

    /// Whatever they look like.
    func readAgain() -> Outcome {
        // Before they are read: what changes meanwhile is seen the next time. What cannot be used is not tried again until it changes.
        let stamps = files.map(FileStamp.init)
        state.withLock { $0 = State(applied: stamps, seen: stamps) }
        do {
            return .read("\(what) were read again: \(try reload())")
        } catch {
            return .failed("\(what) stay as they were, for those that are there now cannot be used: \(error)")
        }
    }
}
