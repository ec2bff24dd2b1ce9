import Testing

@testable import Server

/// What lines of grants mean, and what is said of those that mean nothing.
@Suite struct GrantsFileTests {
    private func parse(_ text: String) throws -> Grants { try GrantsFile.parse(text, file: "grants") }

    private func rights(_ text: String, of name: String?, on object: GrantObject) throws -> Rights {
        try parse(text).concerning(Caller(name: name)).rights(on: object)
    }

    @Test func linesAddUpAndWhatNoneGrantsIsRefused() throws {
        let text = """
            # who does what
            web-*     read          table delay_*   # of the site
            web-1     load          TABLE Delay_By_Route
            feeder    append,read   category flights
            "night job"  load       table *
            ops       admin         *

            """
        let route = GrantObject.table("delay_by_route")
        #expect(try rights(text, of: "web-7", on: route) == Rights(.read))
        #expect(try rights(text, of: "web-1", on: route) == [Rights(.read), Rights(.load)])
        #expect(try rights(text, of: "web-7", on: .table("DELAY_x")) == Rights(.read))
        #expect(try rights(text, of: "web-7", on: .table("airports")) == .none)
        #expect(try rights(text, of: "WEB-7", on: route) == .none)
        #expect(try rights(text, of: "web-7", on: .category("delay_by_route")) == .none)
        #expect(try rights(text, of: "feeder", on: .category("flights")) == [Rights(.append), Rights(.read)])
        #expect(try rights(text, of: "night job", on: .table("airports")) == Rights(.load))
        #expect(try rights(text, of: "ops", on: .server).allows(.admin))
        #expect(try rights(text, of: "ops", on: .category("any")).allows(.append))
        #expect(try rights(text, of: "night job", on: .server) == .none)
        #expect(try rights(text, of: nil, on: route) == .none)
    }

    @Test func aCallerWithoutANameIsMeantByTheLinesForEverybodyAlone() throws {
        #expect(try rights("* read table t", of: nil, on: .table("t")) == Rights(.read))
        #expect(try rights("?* read table t\n** read table t", of: nil, on: .table("t")) == .none)
        #expect(try rights("* read table t", of: "anybody", on: .table("t")) == Rights(.read))
    }

    @Test func ofLimitsTheLastLineThatNamesTheCallerCounts() throws {
        let text = """
            *      limit  requests=100 bytes=1MiB
            web-*  limit  requests=10000
            web-9  limit  none
            """
        let grants = try parse(text)
        #expect(grants.concerning(Caller(name: "x")).limits == CallerLimits(requests: 100, bytes: 1 << 20))
        #expect(grants.concerning(Caller(name: "web-1")).limits == CallerLimits(requests: 10000))
        #expect(grants.concerning(Caller(name: "web-9")).limits == CallerLimits())
        #expect(grants.summary == "0 grants and 3 limits")
    }

    @Test(arguments: [
        ("web-*", #"grants:1: "web-*" has no rights behind it; write a line such as `web-* read table delay_*`"#),
        ("\nweb-* reads table t", #"grants:2: "reads" is no right; there are read, append, load, admin"#),
        ("a read, append category c", #""" is no right"#),
        ("a read", "what is granted is `table NAME`, `category NAME` or `*`"),
        ("a read tables t", #"and not "tables""#),
        ("a read table t u", #"and not "table t u""#),
        ("a append table t", "nobody appends to a table"),
        ("a load category c", "nobody loads a category"),
        ("\"a read table t", "has no other one behind it"),
        ("\"a\"b read table t", "a blank belongs behind"),
        ("a limit", "the limit says nothing"),
        ("a limit requests", #""requests" is no limit"#),
        ("a limit rows=3", #""rows" is no limit"#),
        ("a limit requests=0", #""0" is no number of requests from 1 up"#),
        ("a limit bytes=many", #""many" is no number of bytes from 1 up"#),
        ("a limit bytes=9223372036854775807GiB", "is no number of bytes"),
    ])
    func aWrongLineIsNamedAndToldWhatWouldBeRight(text: String, words: String) {
        let error = #expect(throws: ServerError.self) { try parse(text) }
        #expect(error?.message.hasPrefix("grants:") == true)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func patternsMatchAsPeopleExpect() {
        func matches(_ pattern: String, _ name: String) -> Bool { Glob(pattern).matches(name) }
        #expect(matches("*", ""))
        #expect(matches("a*b*c", "a--b--b-c"))
        #expect(!matches("a*b*c", "a--b--"))
        #expect(matches("spiffe://x/*", "spiffe://x/ns/web"))
        #expect(matches("a?c", "abc"))
        #expect(!matches("a?c", "ac"))
        #expect(!matches("", "a"))
        #expect(matches("*a", "aaab-a"))
        // In a time that does not explode.
        #expect(!matches(String(repeating: "*a", count: 60) + "b", String(repeating: "a", count: 255)))
    }

    @Test func aBucketGivesASecondsWorthAtOnceAndFillsWithTime() {
        let account = CallerAccount()
        let second: Int64 = 1_000_000_000
        let start = 5 * second
        func take(_ count: Int, rate: Int = 100, after time: Int64) -> Int {
            account.requests.take(count, rate: rate, now: start + time)
        }
        func charge(_ count: Int, rate: Int = 100, after time: Int64) {
            account.requests.charge(count, rate: rate, now: start + time)
        }
        func hasRoom(after time: Int64) -> Bool { account.requests.hasRoom(now: start + time) }
        #expect(take(70, after: 0) == 70)
        #expect(take(70, after: 0) == 30)
        #expect(take(1, after: 0) == 0)
        #expect(!hasRoom(after: 0))
        #expect(take(50, after: second / 4) == 25)
        // Nothing is saved up beyond a second.
        #expect(take(1000, after: 100 * second) == 100)
        // What was used without being asked for is paid back first.
        charge(250, after: 200 * second)
        #expect(!hasRoom(after: 201 * second))
        #expect(hasRoom(after: 202 * second))
        charge(.max, rate: 1, after: 300 * second)
        #expect(take(1, rate: 1, after: 301 * second) == 0)
    }
}
