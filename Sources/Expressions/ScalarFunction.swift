/// The functions over scalars. The raw values are their names in SQL and in the catalog; they are stored.
///
/// Unless a case says otherwise, a NULL argument makes the result NULL, and so does an argument for which there is no
/// result.
package enum ScalarFunction: String, Codable, Hashable, Sendable, CaseIterable {
    /// The first argument that is not NULL; all of one type.
    case coalesce = "COALESCE"
    /// NULL where both arguments are equal, else the first.
    case nullIf = "NULLIF"
    /// Whether the first argument equals one of the others; NULL where none does, and one of them or itself is NULL.
    case isIn = "IN"
    case greatest = "GREATEST"
    case least = "LEAST"

    // Over INT64 and DOUBLE; the result has the argument's type.
    case abs = "ABS"
    case sign = "SIGN"
    case floor = "FLOOR"
    case ceil = "CEIL"
    /// To an integer, half away from zero; a DOUBLE also to a number of decimals, which may be negative.
    case round = "ROUND"

    // Over DOUBLE.
    case squareRoot = "SQRT"
    case power = "POWER"
    case exponential = "EXP"
    case naturalLogarithm = "LN"
    case decimalLogarithm = "LOG10"

    // Over STRING. Characters are Unicode scalars.
    case lower = "LOWER"
    case upper = "UPPER"
    /// Without the spaces at both ends.
    case trim = "TRIM"
    case trimStart = "LTRIM"
    case trimEnd = "RTRIM"
    /// Of a STRING in characters, of BYTES in bytes.
    case length = "LENGTH"
    /// STRING, first character from 1, and number of characters where not all that follow are meant. A part of the range
    /// that lies outside the string is empty; a negative number has no result.
    case substring = "SUBSTR"
    /// All arguments, one after the other.
    case concat = "CONCAT"
    /// STRING, what to replace (nothing where it is empty), what to put there.
    case replace = "REPLACE"
    /// Where the second argument first stands in the first, from 1; 0 where it does not.
    case position = "STRPOS"
    /// STRING LIKE pattern: % is any text, _ any character, and a backslash takes the next character as it is.
    case like = "LIKE"
    case startsWith = "STARTS_WITH"
    case endsWith = "ENDS_WITH"

    // Over TIMESTAMP, in UTC. The first argument is the name of a `TimePart`, as a literal.
    case extract = "EXTRACT"
    /// The latest start of a part that is not later than the time; parts that do not divide time have no result.
    case truncate = "DATE_TRUNC"
}
