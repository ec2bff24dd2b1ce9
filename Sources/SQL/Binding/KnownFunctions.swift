internal import Expressions
internal import Monoids

/// The functions by the names that SQL has for them.
enum KnownFunctions {
    /// Functions over scalars that are called by name: not what has a syntax of its own.
    static let scalars: [String: ScalarFunction] = {
        var functions: [String: ScalarFunction] = [:]
        for function in ScalarFunction.allCases where ![.isIn, .like, .extract].contains(function) {
            functions[function.rawValue] = function
        }
        for (alias, function) in [
            ("IFNULL", ScalarFunction.coalesce), ("CEILING", .ceil), ("POW", .power), ("SUBSTRING", .substring),
            ("CHAR_LENGTH", .length),
        ] {
            functions[alias] = function
        }
        return functions
    }()

    /// What is only another way to write something else.
    static let shorthands: Set<String> = ["IF", "MOD"]

    enum Aggregate: String, CaseIterable {
        case count = "COUNT"
        case countIf = "COUNT_IF"
        case sum = "SUM"
        case average = "AVG"
        case variancePopulation = "VAR_POP"
        case varianceSample = "VAR_SAMP"
        case deviationPopulation = "STDDEV_POP"
        case deviationSample = "STDDEV_SAMP"
        case minimum = "MIN"
        case maximum = "MAX"
        case boolAnd = "BOOL_AND"
        case boolOr = "BOOL_OR"
        case first = "FIRST"
        case last = "LAST"
        case minimumBy = "MIN_BY"
        case maximumBy = "MAX_BY"
    }

    /// Aggregates that are designed, but not built.
    static let missingAggregates: Set<String> = [
        "APPROX_COUNT_DISTINCT", "APPROX_PERCENTILE", "APPROX_TOP_K", "HISTOGRAM", "COLLECT_SET",
    ]

    static func isAggregate(_ name: Name) -> Bool {
        let text = name.text.uppercased()
        return Aggregate(rawValue: text) != nil || missingAggregates.contains(text)
    }

    static let names: [String] =
        (Array(scalars.keys) + shorthands + Aggregate.allCases.map(\.rawValue) + ["CAST", "EXTRACT"]).sorted()

    /// What other databases call what Maser has.
    static let foreignNames: [String: String] = [
        "NOW": "a result cannot depend on when it is computed; use the input table's event time",
        "CURRENT_TIMESTAMP": "a result cannot depend on when it is computed; use the input table's event time",
        "RANDOM": "a result has to be the same whenever it is computed",
        "RAND": "a result has to be the same whenever it is computed",
        "UUID": "a result has to be the same whenever it is computed",
        "DATE_PART": "use EXTRACT(part FROM time)", "YEAR": "use EXTRACT(YEAR FROM time)",
        "MONTH": "use EXTRACT(MONTH FROM time)", "DAY": "use EXTRACT(DAY FROM time)",
        "HOUR": "use EXTRACT(HOUR FROM time)", "MINUTE": "use EXTRACT(MINUTE FROM time)",
        "DAYOFWEEK": "use EXTRACT(DOW FROM time)", "TO_TIMESTAMP": "use CAST(x AS TIMESTAMP)",
        "TIMESTAMP_TRUNC": "use DATE_TRUNC('unit', time)", "TRY_CAST": "CAST is NULL where there is no result",
        "SAFE_CAST": "CAST is NULL where there is no result", "TO_CHAR": "use CAST(x AS STRING)",
        "NVL": "use COALESCE", "ISNULL": "use x IS NULL", "IIF": "use IF", "LEN": "use LENGTH", "LCASE": "use LOWER",
        "UCASE": "use UPPER", "INSTR": "use STRPOS", "POSITION": "use STRPOS", "LOG": "use LN or LOG10",
        "LEFT": "use SUBSTR(x, 1, n)", "REGEXP_LIKE": "there are no regular expressions; use LIKE",
        "CONTAINS": "use STRPOS(x, y) > 0", "COUNTIF": "use COUNT_IF", "MEAN": "use AVG", "EVERY": "use BOOL_AND",
        "LOGICAL_AND": "use BOOL_AND", "LOGICAL_OR": "use BOOL_OR", "ANY_VALUE": "use MIN, MAX, FIRST or LAST",
        "VARIANCE": "use VAR_SAMP", "STDDEV": "use STDDEV_SAMP", "ARG_MIN": "use MIN_BY", "ARG_MAX": "use MAX_BY",
        "ARGMIN": "use MIN_BY", "ARGMAX": "use MAX_BY", "FIRST_VALUE": "use FIRST", "LAST_VALUE": "use LAST",
        "SUMIF": "use SUM(x) FILTER (WHERE condition)",
    ]
}
