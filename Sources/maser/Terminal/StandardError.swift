internal import Foundation

/// A line for a person, beside the answer.
func standardError(_ line: String) {
    drawOnStandardError(line + "\n")
}

/// Text as it is. Foundation's `FileHandle` would end the process where whoever read has gone (`2>&1 | head`).
func drawOnStandardError(_ text: String) {
    var rest = [UInt8](text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
    }
}
