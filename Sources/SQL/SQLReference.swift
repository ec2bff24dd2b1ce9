/// The grammar, for people. A test reads a file of every statement in it.
package enum SQLReference {
    /// No line is longer than a terminal's 80 columns, less what a help text indents.
    package static let grammar = """
        CREATE APPLICATION name
          [OPTIONS (checkpoint = '200 ms', watermark_confidence = '0.999',
                    state = 'exactly-once', output = 'at-least-once')];

        CREATE CATEGORY name
          [BUCKETS n] [BY field] [FORMAT JSON | CSV | TSV]
          [RETAIN n DAYS [, n GIB]]
          [OPTIONS (acknowledge = 'fsync' | 'written', quota = '10 MIB',
                    compression = 'zstd' | 'lz4' | 'none')];

        CREATE INPUT TABLE name
          (column TYPE [FROM '$.json.path'] [AS MILLISECONDS | ...], ...)
          FROM CATEGORY name [START EARLIEST | LATEST] [TIME column];

        -- a table that loads fill
        CREATE TABLE name (column TYPE, ...)
          [SHARD BY (key, ...)] PRIMARY KEY (key, ...);

        -- a table of which the latest row wins
        CREATE TABLE name [SHARD BY (key, ...)] PRIMARY KEY (key, ...) AS
          SELECT item, ... FROM source
          [WHERE condition] [DELETE WHERE condition];

        -- a table of aggregates
        CREATE TABLE name [SHARD BY (key, ...)] AS
          SELECT item, ... FROM source
          [WHERE condition] GROUP BY key, ...;

        -- a category of records, or of panes, as JSON objects
        CREATE CATEGORY name [BUCKETS n] BY column [RETAIN ...] [OPTIONS ...] AS
          SELECT item, ... FROM source [WHERE condition]
          [GROUP BY key, ... EMIT FINAL | EMIT CHANGES];

        source:  input [AS a] ['[' n MINUTES | HOURS | DAYS [IN 'Area/City'] ']']
                 [[LEFT] JOIN table [AS b] ON b.key = expression [AND ...]] ...
        item:    expression [AS name] | * | a.*
        TYPE:    BOOL | INT64 | DOUBLE | STRING | BYTES | TIMESTAMP
        """

    package static let aggregates = KnownFunctions.Aggregate.allCases.map(\.rawValue).joined(separator: ", ")

    package static let functions =
        (Array(KnownFunctions.scalars.keys) + KnownFunctions.shorthands + ["CAST", "EXTRACT"])
        .sorted().joined(separator: ", ")

    package static let notes = """
        A join looks up one row by its full key while a record is processed, and sees what is committed by then: in a loaded \
        table, or in one that an app fills, its own too.

        An output category with GROUP BY sends panes: EMIT FINAL each once, when the watermark has passed it; EMIT \
        CHANGES, with each checkpoint, those that it changed. The panes are a table of the category's name as well.

        state says how often a record counts in the tables, whatever crashes, and output how often it leaves a trace in output \
        categories: 'at-most-once', 'at-least-once' or 'exactly-once'. A combination that cannot be kept is refused.
        """
}
