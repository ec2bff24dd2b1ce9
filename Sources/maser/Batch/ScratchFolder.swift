internal import Foundation
internal import Synchronization

/// A folder for what does not fit in memory. It goes with its owner, and when the process ends early: at Ctrl-C, or when whoever
/// read the output has gone.
final class ScratchFolder: Sendable {
    let path: String

    private static let all = Mutex<(paths: Set<String>, signals: [any DispatchSourceSignal])>(([], []))

    /// Below `parent`, or the system's folder for such.
    init(below parent: String?) throws {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        path = "\(parent)/maser-run-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandError("cannot make a folder in \(parent): \(systemReason(error))")
        }
        Self.all.withLock { [path] all in
            if all.signals.isEmpty { all.signals = Self.watch() }
            all.paths.insert(path)
        }
    }

    deinit {
        Self.all.withLock { [path] all in _ = all.paths.remove(path) }
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func removeAll() {
        for path in all.withLock({ $0.paths }) { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func watch() -> [any DispatchSourceSignal] {
        atexit { ScratchFolder.removeAll() }
        // A write to a closed pipe fails then, and `Output` ends the process.
        signal(SIGPIPE, SIG_IGN)
        return [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                removeAll()
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }
}
