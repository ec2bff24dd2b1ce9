import Records
import Testing

@testable import maser

@Suite("What a person reads and writes")
struct TextTests {
    @Test("values are short, and a key among them can be typed again")
    func valuesAreShort() {
        #expect(HumanText.text(of: .null) == "NULL")
        #expect(HumanText.text(of: .int64(-336_776)) == "-336776")
        #expect(HumanText.text(of: .double(4.642857142857143)) == "4.642857")
        #expect(HumanText.text(of: .double(12)) == "12")
        #expect(HumanText.text(of: .double(144_367_046.81625602)) == "144367046.8")
        #expect(HumanText.text(of: .double(0.00000125)) == "1.25e-06")
        #expect(HumanText.text(of: .double(.infinity)) == "inf")
        #expect(HumanText.text(of: .timestamp(1_372_896_000_000_000)) == "2013-07-04")
        #expect(HumanText.text(of: .timestamp(1_372_896_000_250_000)) == "2013-07-04T00:00:00.250Z")
        #expect(HumanText.text(of: .bytes([0xff, 0x00])) == "0xff00")
    }

    @Test("text cannot command the terminal or break its line")
    func controlCharactersAreShown() {
        #expect(HumanText.text(of: .string("a\n\u{1b}[2Jß")) == #"a\n\u{1B}[2Jß"#)
    }

    @Test("counts, sizes and times have the unit that fits")
    func unitsFit() {
        #expect(HumanText.count(336_776) == "336,776")
        #expect(HumanText.count(-1000) == "-1,000")
        #expect(HumanText.count(999) == "999")
        #expect(HumanText.bytes(1023) == "1023 B")
        #expect(HumanText.bytes(1536) == "1.5 KiB")
        #expect(HumanText.seconds(0.0123) == "12.3 ms")
        #expect(HumanText.span(86_400_000_000) == "1 day")
        #expect(HumanText.span(5_400_000_000) == "90 minutes")
    }

    @Test(
        "lengths of time are read as people write them",
        arguments: [("90min", 5400), ("24h", 86_400), ("7 days", 604_800), ("1.5 H", 5400), ("1 week", 604_800)])
    func spansAreRead(text: String, seconds: Int64) {
        #expect(TimeSpan(argument: text)?.microseconds == seconds * 1_000_000)
    }

    @Test("what is no length of time is refused", arguments: ["", "7", "days", "7 parsecs", "-1h", "1e300 days"])
    func otherSpansAreRefused(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test("a figure is the median of its runs")
    func figuresAreMedians() {
        var figures = BenchFigures()
        for value in [5.0, 1, 3] { figures.add("odd", value) }
        for value in [4.0, 1] { figures.add("even", value) }
        #expect(figures.median("odd") == 3)
        #expect(figures.median("even") == 2.5)
    }
}
