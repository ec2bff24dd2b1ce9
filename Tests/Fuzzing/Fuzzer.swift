internal import Foundation

/// What a fuzzed input did that it may not. To try it again, give the seed to tools/fuzz; to keep it, put its bytes into the
/// target's corpus.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Feeds a decoder the inputs of a corpus and such as chance makes of them.
///
/// In `tools/test` every target gets a fixed seed and a few thousand rounds, so that it says the same each time; tools/fuzz
/// takes other seeds, and as long as it is told. Inputs that were accepted come to the corpus for the rest of the run: what is made of
/// those gets further than what is made of garbage.
package struct Fuzzer {
    private let target: String
    private let corpus: [[UInt8]]
    private let mutator: Mutator
    private let rounds: Int

    private static let greatestPool = 512

    package init(
        _ target: String, corpus: [[UInt8]], dictionary: [[UInt8]] = [], greatestBytes: Int = 4096, rounds: Int
    ) {
        self.target = target
        self.corpus = corpus
        mutator = Mutator(dictionary: dictionary, greatestBytes: greatestBytes)
        self.rounds = rounds
    }

    /// Runs `body` with one input after the other. It answers whether the input was accepted, and throws what may not be. An
    /// input that traps ends the process: what it was stands in a file then, whose name tools/fuzz prints.
    package func run(_ body: (_ input: [UInt8], _ random: inout FuzzRandom) throws -> Bool) throws {
        let settings = FuzzSettings(ofProcess: target)
        guard settings.isWanted else { return }
        let record = InputRecord(target: target)
        var random = FuzzRandom(seed: settings.seed)
        var pool = corpus
        let deadline = settings.seconds.map { Date(timeIntervalSinceNow: $0) }
        var round = 0
        while deadline.map({ round < corpus.count || Date() < $0 }) ?? (round < rounds + corpus.count) {
            let input =
                round < corpus.count
                ? corpus[round] : mutator.mutate(pool[random.index(pool.count)], with: pool, using: &random)
            record.put(input, "seed \(settings.seed), round \(round)")
            let isAccepted: Bool
            do {
                isAccepted = try body(input, &random)
            } catch {
                throw FuzzFailure(
                    "\(target), seed \(settings.seed), round \(round): \(error)\ninput: \(input.hexadecimal)")
            }
            if isAccepted && round >= corpus.count {
                if pool.count < Self.greatestPool { pool.append(input) } else { pool[random.index(pool.count)] = input }
            }
            round += 1
        }
        record.end()
        if settings.seconds != nil { print("\(target): \(round) inputs, none did harm") }
    }
}

/// Throws a failure with these words where a claim about an input does not hold.
package func hold(_ claim: @autoclosure () throws -> Bool, _ words: @autoclosure () -> String) throws {
    guard try claim() else { throw FuzzFailure(words()) }
}

/// What tools/fuzz says by the environment.
private struct FuzzSettings {
    private static let usualSeed: UInt64 = 1

    let seed: UInt64
    /// nil: a number of rounds.
    let seconds: Double?
    let isWanted: Bool

    init(ofProcess target: String) {
        let environment = ProcessInfo.processInfo.environment
        seed = environment["MASER_FUZZ_SEED"].flatMap { UInt64($0) } ?? Self.usualSeed
        seconds = environment["MASER_FUZZ_SECONDS"].flatMap { Double($0) }
        let wanted = environment["MASER_FUZZ_TARGETS"].map { $0.split(separator: ",").map(String.init) } ?? []
        isWanted = wanted.isEmpty || wanted.contains(target)
    }
}

/// The input that is being tried, in memory that a file shares: it is still there when the process has died of it.
private final class InputRecord {
    private static let byteCount = 1 << 17
    private let path: String?
    private let memory: UnsafeMutableRawBufferPointer?

    /// Only where tools/fuzz names a folder for it.
    init(target: String) {
        path = ProcessInfo.processInfo.environment["MASER_FUZZ_FOLDER"].map { $0 + "/" + target + ".input" }
        guard let path else {
            memory = nil
            return
        }
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        defer { close(file) }
        guard file >= 0, ftruncate(file, off_t(Self.byteCount)) == 0 else {
            memory = nil
            return
        }
        let start = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        memory =
            start == MAP_FAILED ? nil : UnsafeMutableRawBufferPointer(start: start, count: Self.byteCount)
    }

    func put(_ input: [UInt8], _ words: String) {
        guard let memory else { return }
        // The words, a zero byte, how many bytes, the bytes.
        let head = Array("\(words)\0\(input.count)\0".utf8)
        let all = (head + input).prefix(memory.count)
        memory.copyBytes(from: all)
    }

    /// No harm was done: there is nothing to keep.
    func end() {
        if let memory { munmap(memory.baseAddress, memory.count) }
        if let path { unlink(path) }
    }
}
