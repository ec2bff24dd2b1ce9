import Foundation
import Testing

// Golden scripts, in the manner of Pebble's datadriven. A script is a file of cases:
//
//     command
//     input, to the line of dashes
//     ----
//     expected output, to an empty line
//
// Lines that start with # and empty lines between cases are comments. An output that has empty lines itself stands
// between two pairs of dashes. With MASER_REWRITE=1 in the environment the outputs are written instead of compared.

struct ScriptFile {
    struct Case {
        /// Comments and empty lines before it.
        var preamble: String
        var command: String
        var input: String
        var expected: String
        var line: Int
    }

    let url: URL
    var cases: [Case] = []
    private var trailer = ""

    static var isRewriting: Bool { ProcessInfo.processInfo.environment["MASER_REWRITE"] == "1" }

    init(_ url: URL) throws {
        self.url = url
        var lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")[...]
        let total = lines.count
        if lines.last == "" { lines.removeLast() }
        while true {
            var preamble = ""
            while let line = lines.first, line.isEmpty || line.hasPrefix("#") {
                preamble += line + "\n"
                lines.removeFirst()
            }
            let line = total - lines.count
            guard let command = lines.popFirst() else {
                trailer = preamble
                return
            }
            let input = lines.prefix { $0 != "----" }
            lines = lines.dropFirst(input.count + 1)
            let expected: [String]
            if lines.first == "----" {
                lines.removeFirst()
                expected =
                    lines.firstRange(of: ["----", "----"]).map { Array(lines[..<$0.lowerBound]) } ?? Array(lines)
                lines = lines.dropFirst(expected.count + 2)
            } else {
                expected = Array(lines.prefix { !$0.isEmpty })
                lines = lines.dropFirst(expected.count)
            }
            cases.append(
                Case(
                    preamble: preamble, command: command, input: input.joined(separator: "\n"),
                    expected: expected.joined(separator: "\n"), line: line))
        }
    }

    /// Runs every case, and compares or rewrites.
    func run(_ execute: (Case) throws -> String) throws {
        var rewritten = ""
        for item in cases {
            let output = try execute(item).trimmingCharacters(in: .newlines)
            #expect(
                Self.isRewriting || output == item.expected,
                "\(url.lastPathComponent):\(item.line): \(item.command)\n\(item.input)\n---- now:\n\(output)")
            let hasGaps = output.contains("\n\n")
            rewritten += item.preamble + item.command + "\n" + (item.input.isEmpty ? "" : item.input + "\n") + "----\n"
            rewritten += hasGaps ? "----\n\(output)\n----\n----\n" : output + "\n"
        }
        if Self.isRewriting { try (rewritten + trailer).write(to: url, atomically: true, encoding: .utf8) }
    }
}
