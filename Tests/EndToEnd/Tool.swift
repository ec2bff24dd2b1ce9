import Foundation

/// Other programs that the tests need.
enum Tool {
    struct NotEnded: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program of the PATH, or at a path, to its end; one that does not end in time is killed, and that is an error.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: Data = Data(),
        seconds: Double = 20
    ) throws -> MaserBinary.Outcome {
        let folder = try TemporaryFolder()
        let files = ["in", "out", "err"].map { URL(fileURLWithPath: folder.path + "/" + $0) }
        try input.write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        let deadline = Date(timeIntervalSinceNow: seconds)
        while process.isRunning, Date() < deadline { usleep(2_000) }
        let texts = try files[1...].map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            throw NotEnded(description: "\(program) \(arguments) did not end in \(seconds) s:\n\(texts)")
        }
        process.waitUntilExit()
        return MaserBinary.Outcome(exitCode: process.terminationStatus, output: texts[0], errors: texts[1])
    }
}
