import Foundation
import Testing

@testable import MaserClient
@testable import Records

@Suite("Values of keys and columns")
struct ColumnValueTests {
    private func comesBack<T: ColumnValue & Equatable>(_ value: T) -> Bool {
        T(columnContent: value.columnContent) == value
    }

    @Test("every value comes back as itself")
    func roundTrips() {
        #expect(comesBack(true) && comesBack(Int.min) && comesBack(Int64.max) && comesBack(Int32.min))
        #expect(comesBack(UInt32.max) && comesBack(-0.5) && comesBack("é") && comesBack([0, 255] as [UInt8]))
        #expect(comesBack(Data([1])) && comesBack(Timestamp(microseconds: -1)))
        #expect(comesBack(Date(timeIntervalSince1970: 1_372_896_000.25)))
        #expect(comesBack(Int?.none) && comesBack(Int?.some(3)))
    }

    @Test("a value of another type, or too large, is none")
    func mismatches() {
        #expect(Int(columnContent: .string("1")) == nil)
        #expect(Int32(columnContent: .integer(1 << 40)) == nil)
        #expect(UInt32(columnContent: .integer(-1)) == nil)
        #expect(String(columnContent: .null) == nil)
        #expect(Int?(columnContent: .string("1")) == nil)
        #expect(Double(columnContent: .integer(1)) == nil)
    }

    @Test("a key's value takes the type of its column where it has one")
    func keys() {
        #expect(ColumnContent.integer(5).value(as: .double) == .double(5))
        #expect(ColumnContent.integer(1 << 62 + 1).value(as: .double) == nil)
        #expect(ColumnContent.integer(5).value(as: .timestamp) == nil)
        #expect(ColumnContent.timestamp(Timestamp(microseconds: 5)).value(as: .timestamp) == .timestamp(5))
        #expect(ColumnContent.null.value(as: .string) == .null)
        #expect(ColumnContent.string("x").value(as: .bytes) == nil)
    }

    @Test("a timestamp is read and printed as RFC 3339")
    func timestamps() {
        #expect(Timestamp("2013-07-04T00:00:00Z")?.microseconds == 1_372_896_000_000_000)
        #expect(Timestamp("2013-07-04")?.description == "2013-07-04T00:00:00Z")
        #expect(Timestamp("yesterday") == nil)
    }
}
