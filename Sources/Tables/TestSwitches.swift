internal import Foundation

// FOR TESTS ONLY. A crash test that finds no difference proves something only if it finds the differences of a Maser that is
// wrong. These switches make a server wrong in two ways that `tools/crash` has to notice. They are read once, from the environment of the
// process; no configuration has them, and nobody who wants right answers sets them.
//
//   MASER_TEST_POSITIONS_APART=1      positions are written some milliseconds after the merges that they belong to, so that a kill
//                                     can come in between
//   MASER_TEST_OUTPUT_DUPLICATES=1    what goes to output categories is appended without a producer, so that a replay repeats it
//
// A third makes it right but slow, so that `tools/bench/ingest` can say what merges save:
//
//   MASER_TEST_READ_MODIFY_WRITE=1    a checkpoint reads the row of each key, combines, and puts it back

/// Ways to be wrong on purpose.
package struct TestSwitches: Sendable {
    /// nil: merges and positions are one write.
    package var positionsApartMilliseconds: Int?
    package var duplicatesOutputs: Bool
    package var readsBeforeWriting: Bool

    package init(
        positionsApartMilliseconds: Int? = nil, duplicatesOutputs: Bool = false, readsBeforeWriting: Bool = false
    ) {
        self.positionsApartMilliseconds = positionsApartMilliseconds
        self.duplicatesOutputs = duplicatesOutputs
        self.readsBeforeWriting = readsBeforeWriting
    }

    package static let environment: TestSwitches = {
        let variables = ProcessInfo.processInfo.environment
        return TestSwitches(
            positionsApartMilliseconds: variables["MASER_TEST_POSITIONS_APART"] == "1" ? 20 : nil,
            duplicatesOutputs: variables["MASER_TEST_OUTPUT_DUPLICATES"] == "1",
            readsBeforeWriting: variables["MASER_TEST_READ_MODIFY_WRITE"] == "1")
    }()
}
