internal import BulkLoad
internal import Foundation
internal import MaserClient
internal import RPC
internal import Synchronization

/// Sends a built version to the server and has it adopted. A connection that is lost, or a server that starts anew, is waited
/// for, and what is there already is not sent again.
struct LoadUploader: Sendable {
    private static let chunkBytes = 1 << 20
    /// Files on their way at once: one is read while another is written on the other side.
    private static let greatestFiles = 3
    /// Without a byte of progress it gives up.
    private static let patience = Duration.seconds(60)
    /// What the server does not have, or not whole, is sent so often: it may be killed again and again.
    private static let greatestResends = 20
    private static let pause = Duration.milliseconds(200)

    let client: Client
    let built: BuiltVersion
    var isForced = false
    var isAgain = false
    var live = ""
    /// A former call may have had it adopted and not been told: then its version is the answer.
    var continuesFormer = false

    /// How much of it has come so far that it counts as progress.
    private final class Progress: Sendable {
        let bar = ProgressBar("uploading")
        private let state: Mutex<(files: [Int64], greatest: Int64, lastAt: ContinuousClock.Instant)>
        private let total: Int64

        init(files: Int, total: Int64) {
            state = Mutex(([Int64](repeating: 0, count: files), -1, .now))
            self.total = total
        }

        func received(_ bytes: Int64, of file: Int) {
            let done = state.withLock { state in
                state.files[file] = bytes
                let done = state.files.reduce(0, +)
                if done > state.greatest {
                    state.greatest = done
                    state.lastAt = .now
                }
                return done
            }
            bar.show(Double(done) / Double(max(total, 1)), HumanText.bytes(done))
        }

        /// It is the server that is at work.
        func touch() {
            state.withLock { $0.lastAt = .now }
        }

        var isStuck: Bool { state.withLock { ContinuousClock.now - $0.lastAt } > LoadUploader.patience }
    }

    func run() async throws -> WireFinishLoadResponse {
        let progress = Progress(files: built.files.count, total: built.manifest.bytes)
        defer { progress.bar.finish() }
        // One that seemed to fail may have been done.
        var finished: String?
        var resent = 0
        while true {
            var hasBegun = finished != nil
            do {
                if let finished { return try await client.finishLoad(finished, isForced: isForced) }
                let begun: WireBeginLoadResponse
                do {
                    begun = try await client.beginLoad(manifest: built.manifestBytes, isAgain: isAgain, live: live)
                } catch {
                    guard continuesFormer, error.isDoneBefore else { throw error }
                    return try await formerAnswer()
                }
                hasBegun = true
                try await send(begun, progress)
                progress.touch()
                finished = begun.load
            } catch {
                guard let error = error as? ClientError else { throw error }
                if Self.isAtWork(error, isFinishing: finished != nil) { progress.touch() }
                guard passes(error, hasBegun: hasBegun, resent), !progress.isStuck else { throw error }
                // The load is gone with the server that had it, or files of it are, which that one was taking in: it had
                // adopted nothing, and what is missing is sent again.
                if error.code == .notFound || error.code == .invalidArgument {
                    finished = nil
                    resent += 1
                }
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    /// A load of gigabytes is compared with its manifest for minutes, and asking again does not hasten it.
    static func isAtWork(_ error: ClientError, isFinishing: Bool) -> Bool {
        isFinishing && error.code == .overloaded
    }

    /// The version that the load became, the one that serves before others; one that was dropped is known by its number alone.
    private func formerAnswer() async throws -> WireFinishLoadResponse {
        let id = LoadID(table: built.manifest.table.id, manifest: built.manifestBytes)
        let made = try await client.describe(table: built.manifest.table.name).versions
            .filter { $0.manifest == id.manifest }
        guard let version = made.first(where: { $0.state == "serving" }) ?? made.last else {
            return try await client.finishLoad(id.text)
        }
        var answer = WireFinishLoadResponse()
        answer.version = version.number
        answer.state = version.state
        answer.rows = version.loadedRows
        answer.checks = version.checks
        return answer
    }

    private func passes(_ error: ClientError, hasBegun: Bool, _ resent: Int) -> Bool {
        switch error.code {
        case .connectionFailed, .unavailable, .overloaded, .deadlineExceeded, .unknownOutcome: true
        case .notFound, .invalidArgument: hasBegun && resent < Self.greatestResends
        default: false
        }
    }

    private func send(_ begun: WireBeginLoadResponse, _ progress: Progress) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in built.files.indices {
                if index >= Self.greatestFiles { try await group.next() }
                let received = index < begun.received.count ? begun.received[index] : 0
                group.addTask { try await send(index, of: begun.load, from: received, progress) }
            }
            try await group.waitForAll()
        }
    }

    private func send(_ index: Int, of load: String, from received: Int64, _ progress: Progress) async throws {
        let (path, size) = (built.files[index], built.manifest.files[index].bytes)
        var offset = received
        progress.received(offset, of: index)
        if offset >= size { return }
        let file: FileHandle
        do {
            file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw CommandError("cannot read \(path): \(systemReason(error))")
        }
        defer { try? file.close() }
        while offset < size {
            try file.seek(toOffset: UInt64(offset))
            guard let data = try file.read(upToCount: Int(min(Int64(Self.chunkBytes), size - offset))), !data.isEmpty
            else {
                throw CommandError("\(path) ended at byte \(offset) of \(size): something else has changed it")
            }
            offset = try await client.upload(load: load, file: UInt32(index), offset: offset, data: data)
            progress.received(offset, of: index)
        }
    }
}
