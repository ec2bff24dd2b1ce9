internal import NIOCore
internal import Synchronization

/// Numbers the appends of this program to one category, so that each lands once however often it is sent.
///
/// The server remembers the last 1024 sequences of a producer. When an append has been under way for as long as that, the next ones
/// come under another random id; a named producer, which has but one, waits.
final class AppendProducer: Sendable {
    private let state: Mutex<AppendNumbers>

    /// A producer that nobody else can be.
    init() {
        state = Mutex(AppendNumbers(id: Self.randomID(), epoch: 0, isNamed: false))
    }

    /// One that the server has opened.
    init(name: String, epoch: UInt32) {
        state = Mutex(AppendNumbers(id: [UInt8](name.utf8), epoch: epoch, isNamed: true))
    }

    /// The number of an append, to be given back when nobody waits for the append any more.
    func begin(deadline: NIODeadline) async throws(ClientError) -> AppendNumber {
        while true {
            if let number = state.withLock({ $0.begin(randomID: Self.randomID) }) { return number }
            if Task.isCancelled { throw ClientError(.cancelled, "the append was cancelled") }
            guard deadline > .now() else {
                throw ClientError(
                    .deadlineExceeded, "appends that were sent before are still without an answer", isRetriable: true)
            }
            try? await Task.sleep(nanoseconds: Self.nanosecondsBetweenLooks)
        }
    }

    func end(_ number: AppendNumber) {
        state.withLock { $0.end(number) }
    }

    private static func randomID() -> [UInt8] {
        (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    }

    private static let nanosecondsBetweenLooks: UInt64 = 2_000_000
}

/// Which append of which producer.
struct AppendNumber: Hashable, Sendable {
    let id: [UInt8]
    let epoch: UInt32
    let sequence: UInt64
}

/// The numbers that are given out.
struct AppendNumbers: Sendable {
    /// As many as the server remembers.
    static let window: UInt64 = 1024

    private var id: [UInt8]
    private let epoch: UInt32
    private let isNamed: Bool
    private var last: UInt64 = 0
    private var underWay: Set<UInt64> = []
    /// None under way is lower.
    private var oldest: UInt64 = 1

    init(id: [UInt8], epoch: UInt32, isNamed: Bool) {
        self.id = id
        self.epoch = epoch
        self.isNamed = isNamed
    }

    /// nil: not before one that is under way has ended.
    mutating func begin(randomID: () -> [UInt8]) -> AppendNumber? {
        if last + 1 - oldest >= Self.window {
            oldest = underWay.min() ?? last + 1
            if last + 1 - oldest >= Self.window {
                if isNamed { return nil }
                id = randomID()
                (last, oldest, underWay) = (0, 1, [])
            }
        }
        last += 1
        underWay.insert(last)
        return AppendNumber(id: id, epoch: epoch, sequence: last)
    }

    mutating func end(_ number: AppendNumber) {
        if number.id == id { underWay.remove(number.sequence) }
    }
}
