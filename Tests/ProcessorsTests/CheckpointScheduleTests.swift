import Testing

@testable import Processors

@Suite struct CheckpointScheduleTests {
    private static let millisecond: UInt64 = 1_000_000

    private func next(
        _ schedule: CheckpointSchedule, at milliseconds: UInt64, isDirty: Bool = true, isDrained: Bool = true,
        groupCount: Int = 1, byteCount: Int = 1
    ) -> CheckpointSchedule.Step {
        schedule.next(
            at: milliseconds * Self.millisecond, isDirty: isDirty, isDrained: isDrained, groupCount: groupCount,
            byteCount: byteCount)
    }

    @Test func sleepsWithoutLimitWhenThereIsNothingToDo() {
        let schedule = CheckpointSchedule(spacingMilliseconds: 200, startedAt: 0)
        #expect(next(schedule, at: 9000, isDirty: false) == .sleep(until: nil))
        #expect(next(schedule, at: 9000, isDirty: false, isDrained: false) == .read)
    }

    @Test func keepsItsSpacingWhenItHasCaughtUp() {
        var schedule = CheckpointSchedule(spacingMilliseconds: 200, startedAt: 0)
        #expect(next(schedule, at: 199) == .sleep(until: 200 * Self.millisecond))
        #expect(next(schedule, at: 200) == .checkpoint)
        schedule.didCheckpoint(at: 250 * Self.millisecond)
        #expect(next(schedule, at: 300) == .sleep(until: 450 * Self.millisecond))
        #expect(next(schedule, at: 450) == .checkpoint)
    }

    @Test func worksThroughBatchesWhileItIsBehindButNotForEver() {
        let schedule = CheckpointSchedule(spacingMilliseconds: 200, startedAt: 0)
        #expect(next(schedule, at: 999, isDrained: false) == .read)
        #expect(next(schedule, at: 1000, isDrained: false) == .checkpoint)
        let rare = CheckpointSchedule(spacingMilliseconds: 5000, startedAt: 0)
        #expect(next(rare, at: 4999, isDrained: false) == .read)
    }

    @Test func boundsOnMemoryComeBeforeSpacing() {
        let schedule = CheckpointSchedule(spacingMilliseconds: 200, startedAt: 0)
        let groups = PartialsBounds().groupCount
        #expect(next(schedule, at: 1, isDrained: false, groupCount: groups) == .checkpoint)
        #expect(next(schedule, at: 1, byteCount: PartialsBounds().byteCount) == .checkpoint)
    }
}
