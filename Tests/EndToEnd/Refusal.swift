import Foundation
import Testing

/// Runs `maser` and expects what every refusal looks like: the exit code, and one line on standard error that has
/// these words and none that only a programmer understands.
@discardableResult
func expectRefusal(
    _ arguments: [String], environment: [String: String] = [:], mentions words: String..., exitCode: Int32 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> String {
    let outcome = try Tool.run(MaserBinary.path, arguments, environment: environment)
    #expect(
        outcome.exitCode == exitCode, "\(arguments): \(outcome.output)\(outcome.errors)",
        sourceLocation: sourceLocation)
    expectOneClearLine(outcome.errors, mentions: words, sourceLocation: sourceLocation)
    return outcome.errors
}

func expectOneClearLine(
    _ errors: String, mentions words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
    let lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 2 && lines.last == "", "not one line: \(errors)", sourceLocation: sourceLocation)
    #expect(errors.hasPrefix("maser: "), "\(errors)", sourceLocation: sourceLocation)
    for word in words {
        #expect(errors.contains(word), "no \"\(word)\" in: \(errors)", sourceLocation: sourceLocation)
    }
    for jargon in ["Error Domain", " error 1.", "NSCocoa", "NIO", "could not be completed", "Optional("] {
        #expect(!errors.contains(jargon), "\(errors)", sourceLocation: sourceLocation)
    }
}
