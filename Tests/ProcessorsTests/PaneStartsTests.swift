import Catalog
import Foundation
import Records
import Testing

@testable import Processors

@Suite struct PaneStartsTests {
    private static let second: Int64 = 1_000_000
    private static let hour = 3600 * second
    private static let day = 24 * hour

    private func starts(_ times: [Int64], width: Int64, zone: String? = nil) throws -> [Int64] {
        try PaneStarts(Pane(widthMicroseconds: width, zone: zone))
            .starts(of: times, slots: [UInt32](repeating: 0, count: times.count))
    }

    private func time(_ text: String) throws -> Int64 {
        try #require(Timestamp.parse(text))
    }

    @Test func panesBeginAtMultiplesOfTheirWidthAlsoBefore1970() throws {
        let times: [Int64] = [0, 1, 59_999_999, 60_000_000, -1, -60_000_000, -60_000_001]
        #expect(
            try starts(times, width: 60_000_000) == [0, 0, 0, 60_000_000, -60_000_000, -60_000_000, -120_000_000])
    }

    @Test func aDayOfAZoneBeginsAtItsMidnight() throws {
        let newYork = "America/New_York"
        for (moment, midnight) in [
            ("2013-01-01T04:59:59Z", "2012-12-31T05:00:00Z"),
            ("2013-01-01T05:00:00Z", "2013-01-01T05:00:00Z"),
            // 23 hours, then 25.
            ("2013-03-10T06:59:59Z", "2013-03-10T05:00:00Z"),
            ("2013-03-11T03:59:59Z", "2013-03-10T05:00:00Z"),
            ("2013-03-11T04:00:00Z", "2013-03-11T04:00:00Z"),
            ("2013-11-03T12:00:00Z", "2013-11-03T04:00:00Z"),
            ("2013-11-04T04:59:59Z", "2013-11-03T04:00:00Z"),
        ] {
            #expect(try starts([try time(moment)], width: Self.day, zone: newYork) == [try time(midnight)])
        }
    }

    @Test func panesOfAZoneNeverBeginAfterTheirRecordsAndNeverGoBack() throws {
        for zone in ["America/New_York", "Asia/Kathmandu", "America/Sao_Paulo", "Australia/Lord_Howe"] {
            let first = try time("2013-01-01T00:00:00Z")
            let times = (0..<20_000).map { first + Int64($0) * 1571 * Self.second }
            for width in [Self.hour, 6 * Self.hour, Self.day] {
                let starts = try starts(times, width: width, zone: zone)
                for index in times.indices {
                    #expect(starts[index] <= times[index])
                    #expect(times[index] - starts[index] < width + Self.hour)
                    if index > 0 { #expect(starts[index] >= starts[index - 1]) }
                }
            }
        }
    }

    @Test func refusesAZoneThatDoesNotExist() {
        #expect(throws: ProcessorsError.self) {
            try PaneStarts(Pane(widthMicroseconds: 1, zone: "Mars/Olympus_Mons"))
        }
    }
}
