import Expressions
import Records
import Testing

@Suite struct FunctionTests {
    @Test func coalesceTakesTheFirstThatIsKnown() {
        #expect(value(call(.coalesce, int(nil), int(2), int(3))) == .int64(2))
        #expect(value(call(.coalesce, text(nil), text("x"))) == .string("x"))
        #expect(value(call(.coalesce, int(nil), int(nil))) == .null)
    }

    @Test func nullIfHidesOneValue() {
        #expect(value(call(.nullIf, int(0), int(0))) == .null)
        #expect(value(call(.nullIf, int(1), int(0))) == .int64(1))
        #expect(value(call(.nullIf, int(1), int(nil))) == .int64(1))
        #expect(value(call(.nullIf, int(nil), int(1))) == .null)
    }

    @Test func membershipIsUnknownOnlyWhereNullCouldDecideIt() {
        #expect(value(call(.isIn, int(2), int(1), int(2), type: .bool)) == .bool(true))
        #expect(value(call(.isIn, int(3), int(1), int(2), type: .bool)) == .bool(false))
        #expect(value(call(.isIn, int(3), int(nil), int(2), type: .bool)) == .null)
        #expect(value(call(.isIn, int(2), int(nil), int(2), type: .bool)) == .bool(true))
        #expect(value(call(.isIn, int(nil), int(1), type: .bool)) == .null)
        #expect(value(call(.isIn, text("b"), text("a"), text("b"), type: .bool)) == .bool(true))
    }

    @Test func greatestAndLeastAreNullWhereAnyArgumentIs() {
        #expect(value(call(.greatest, int(1), int(3), int(2))) == .int64(3))
        #expect(value(call(.least, text("b"), text("a"))) == .string("a"))
        #expect(value(call(.greatest, double(1), double(.nan))).isNaN)
        #expect(value(call(.greatest, int(1), int(nil), int(2))) == .null)
        #expect(value(call(.least, int(nil), int(2))) == .null)
    }

    @Test func numbersRoundHalfAwayFromZero() {
        #expect(value(call(.round, double(2.5))) == .double(3))
        #expect(value(call(.round, double(-2.5))) == .double(-3))
        #expect(value(call(.round, double(0.49999999999999994))) == .double(0))
        #expect(value(call(.round, int(7))) == .int64(7))
        #expect(value(call(.round, double(2.345), int(2))) == .double(2.35))
        #expect(value(call(.round, double(1250), int(-2))) == .double(1300))
        #expect(value(call(.round, double(1e300), int(5))) == .double(1e300))
        #expect(value(call(.round, double(1.5), int(.max))) == .double(1.5))
        #expect(value(call(.round, double(1.5), int(.min))) == .double(0))
        #expect(value(call(.round, double(.infinity), int(2))) == .double(.infinity))
        #expect(value(call(.floor, double(-1.5))) == .double(-2))
        #expect(value(call(.ceil, double(-1.5))) == .double(-1))
        #expect(value(call(.floor, int(3))) == .int64(3))
    }

    @Test func absAndSignKnowTheLeastInteger() {
        #expect(value(call(.abs, int(-3))) == .int64(3))
        #expect(value(call(.abs, int(.min))) == .null)
        #expect(value(call(.abs, double(-0.5))) == .double(0.5))
        #expect(value(call(.sign, int(.min))) == .int64(-1))
        #expect(value(call(.sign, double(-0.5))) == .double(-1))
    }

    @Test func rootsPowersAndLogarithmsAreNullOutsideTheirDomain() {
        #expect(value(call(.squareRoot, double(2.25))) == .double(1.5))
        #expect(value(call(.squareRoot, double(-1))) == .null)
        #expect(value(call(.power, double(2), double(10))) == .double(1024))
        #expect(value(call(.power, double(-8), double(0.5))) == .null)
        #expect(value(call(.power, double(0), double(-1))) == .null)
        #expect(value(call(.exponential, double(0))) == .double(1))
        #expect(value(call(.naturalLogarithm, double(1))) == .double(0))
        #expect(value(call(.naturalLogarithm, double(0))) == .null)
        #expect(value(call(.decimalLogarithm, double(1000))) == .double(3))
        #expect(value(call(.decimalLogarithm, double(-1))) == .null)
    }

    @Test func stringsChangeCaseInAllOfUnicode() {
        #expect(value(call(.lower, text("ABCxyz[@Z"))) == .string("abcxyz[@z"))
        #expect(value(call(.upper, text("abc{`z"))) == .string("ABC{`Z"))
        #expect(value(call(.upper, text("straße"))) == .string("STRASSE"))
        #expect(value(call(.lower, text("ÀÉ"))) == .string("àé"))
    }

    @Test func trimmingTakesSpacesOnly() {
        #expect(value(call(.trim, text("  a b\t "))) == .string("a b\t"))
        #expect(value(call(.trimStart, text("  a "))) == .string("a "))
        #expect(value(call(.trimEnd, text("  a "))) == .string("  a"))
        #expect(value(call(.trim, text("   "))) == .string(""))
    }

    @Test func lengthCountsCharactersOfStringsAndBytesOfBytes() {
        #expect(value(call(.length, text("日本é"), type: .int64)) == .int64(3))
        #expect(value(call(.length, bytes([1, 2, 3, 4]), type: .int64)) == .int64(4))
        #expect(value(call(.length, text(nil), type: .int64)) == .null)
    }

    @Test func substringTakesThePartOfTheRangeThatExists() {
        func sub(_ string: String, _ first: Int64, _ count: Int64?) -> Value {
            guard let count else { return value(call(.substring, text(string), int(first))) }
            return value(call(.substring, text(string), int(first), int(count)))
        }
        #expect(sub("hello", 2, 3) == .string("ell"))
        #expect(sub("日本語", 2, 1) == .string("本"))
        #expect(sub("hello", 3, nil) == .string("llo"))
        #expect(sub("hello", -1, 3) == .string("h"))
        #expect(sub("hello", 9, 3) == .string(""))
        #expect(sub("hello", 2, -1) == .null)
        #expect(sub("hello", .max, .max) == .string(""))
        #expect(sub("hello", .min, .max) == .string(""))
    }

    @Test func concatJoinsAllAndIsNullWhereAnyIs() {
        #expect(value(call(.concat, text("a"), text(""), text("bc"))) == .string("abc"))
        #expect(value(call(.concat, text("a"), text(nil))) == .null)
        #expect(value(call(.concat, bytes([1]), bytes([0xff]))) == .bytes([1, 0xff]))
    }

    @Test func replaceAndPositionFindWholeTexts() {
        #expect(value(call(.replace, text("aXXbXX"), text("XX"), text("-"))) == .string("a-b-"))
        #expect(value(call(.replace, text("aaa"), text("aa"), text("b"))) == .string("ba"))
        #expect(value(call(.replace, text("abc"), text(""), text("x"))) == .string("abc"))
        #expect(value(call(.position, text("日本語"), text("語"), type: .int64)) == .int64(3))
        #expect(value(call(.position, text("abc"), text("x"), type: .int64)) == .int64(0))
        #expect(value(call(.position, text("abc"), text(""), type: .int64)) == .int64(1))
        #expect(value(call(.position, text(""), text("abc"), type: .int64)) == .int64(0))
    }

    @Test(arguments: [
        ("abc", "abc", true), ("abc", "a%", true), ("abc", "%c", true), ("abc", "%b%", true), ("abc", "a_c", true),
        ("abc", "_", false), ("abc", "ab", false), ("abc", "abcd", false), ("", "", true), ("", "%", true),
        ("", "_", false), ("日本", "__", true), ("日本", "%本", true), ("a%b", "a\\%b", true), ("axb", "a\\%b", false),
        ("a\\", "a\\", true), ("mississippi", "%iss%ip%", true), ("mississippi", "%iss%x%", false),
        ("aab", "%ab", true), ("abab", "a%ab", true), ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "%a%a%a%a%a%a%a%b", false),
    ])
    func likeMatchesTheWholeText(_ string: String, _ pattern: String, _ expected: Bool) {
        #expect(value(call(.like, text(string), text(pattern), type: .bool)) == .bool(expected))
    }

    @Test func prefixesAndSuffixesAreFound() {
        #expect(value(call(.startsWith, text("abc"), text("ab"), type: .bool)) == .bool(true))
        #expect(value(call(.startsWith, text("a"), text("ab"), type: .bool)) == .bool(false))
        #expect(value(call(.endsWith, text("abc"), text("bc"), type: .bool)) == .bool(true))
        #expect(value(call(.endsWith, text("c"), text("bc"), type: .bool)) == .bool(false))
        #expect(value(call(.endsWith, text("c"), text(""), type: .bool)) == .bool(true))
    }
}

extension Value {
    fileprivate var isNaN: Bool { if case .double(let value) = self { value.isNaN } else { false } }
}
