@testable import Categories

/// A sequence window beside a plain set, which forgets nothing.
struct SequenceWindowProbe {
    private var window = SequenceWindow()
    private var landed: Set<UInt64> = []
    private var highest: UInt64 = 0
    private(set) var differences = 0

    mutating func offer(_ sequence: UInt64) {
        let expected: SequenceWindow.Admission =
            if sequence + SequenceWindow.length <= highest {
                .tooOld
            } else if landed.contains(sequence) {
                .duplicate
            } else {
                .new
            }
        if window.admit(sequence) != expected { differences += 1 }
        if expected == .new { landed.insert(sequence) }
        highest = max(highest, sequence)
    }
}
