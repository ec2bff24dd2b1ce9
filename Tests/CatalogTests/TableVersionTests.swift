import Catalog
import Testing

/// Which version a rollback goes to, and which versions go.
@Suite struct TableVersionTests {
    /// Versions 1 up to `last`, each of which served after the one before.
    private func table(servedUpTo last: UInt32) -> TableEntry {
        var table = Sample.table(id: 1, name: "pages")
        for number in 2...last { serve(number, in: &table) }
        return table
    }

    private func serve(_ number: UInt32, in table: inout TableEntry) {
        table.versions.append(VersionEntry(number: number, createdAt: 5, origin: "live"))
        table.serve(number)
    }

    private func hold(_ number: UInt32, in table: inout TableEntry) {
        let check = VersionCheck(subject: .rows, former: 10, found: 1, limit: 0.5, isPassed: false)
        table.versions.append(
            VersionEntry(number: number, createdAt: 5, origin: "few", load: LoadRecord(manifest: "", checks: [check])))
    }

    @Test func versionsThatServedLongestAgoGoFirst() {
        var table = table(servedUpTo: 4)
        #expect(table.surplusVersions(keeping: 3) == [1])
        table.rollBack(to: 1)
        serve(5, in: &table)
        // The lowest number served until now.
        #expect(table.surplusVersions(keeping: 3) == [2, 3])
        #expect(table.surplusVersions(keeping: 2) == [2, 3, 4])
        #expect(table.surplusVersions(keeping: 1) == [1, 2, 3, 4])
        #expect(table.surplusVersions(keeping: 0) == [1, 2, 3, 4])
    }

    @Test func heldVersionsPushOutNoGoodOnesAndOnlyTheNewestStays() {
        var table = table(servedUpTo: 3)
        for number in 4...6 as ClosedRange<UInt32> { hold(number, in: &table) }
        #expect(table.surplusVersions(keeping: 3) == [4, 5])
        // One that a person let serve is as good as any other.
        table.rollBack(to: 6)
        table.versions[5].load?.isForced = true
        #expect(table.surplusVersions(keeping: 3) == [1, 4])
        #expect(table.formerVersion?.number == 3)
    }

    @Test func aVersionThatIsBuiltIsNeverSurplus() {
        var table = table(servedUpTo: 3)
        table.versions.append(
            VersionEntry(number: 4, createdAt: 5, origin: "backfill", backfill: Backfill(startOffsets: [0])))
        #expect(table.surplusVersions(keeping: 1) == [1, 2])
        #expect(table.formerVersion?.number == 2)
    }

    @Test func aRollbackGoesFurtherBackEachTimeAndNotToWhatItLeft() {
        var table = table(servedUpTo: 4)
        for expected in [3, 2, 1] as [UInt32] {
            #expect(table.formerVersion?.number == expected)
            table.rollBack(to: expected)
        }
        #expect(table.formerVersion == nil)
        // The next one replaces what serves, which is where a rollback goes again.
        serve(5, in: &table)
        #expect(table.formerVersion?.number == 1)
        table.rollBack(to: 1)
        #expect(table.formerVersion == nil)
    }

    @Test func aRollbackPastSomeVersionsLeavesThemAllAndOneForwardComesBack() {
        var table = table(servedUpTo: 4)
        table.rollBack(to: 2)
        #expect(table.formerVersion?.number == 1)
        table.rollBack(to: 4)
        #expect(table.formerVersion?.number == 2)
        #expect(table.surplusVersions(keeping: 2) == [1, 3])
    }

    @Test func entriesOfFormerMasersGoByTheirNumbers() {
        var table = Sample.table(id: 1, name: "pages")
        for number in 2...4 as ClosedRange<UInt32> {
            table.versions.append(VersionEntry(number: number, createdAt: 5, origin: "live"))
        }
        table.servingVersion = 3
        #expect(table.formerVersion?.number == 2)
        #expect(table.surplusVersions(keeping: 3) == [1])
        serve(5, in: &table)
        #expect(table.formerVersion?.number == 3)
        #expect(table.surplusVersions(keeping: 3) == [1, 2])
    }
}
