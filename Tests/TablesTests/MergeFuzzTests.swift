import Bytes
import Catalog
import Fuzzing
import Records
import Testing

@testable import Tables

/// tools/fuzz runs these for longer.
@Suite struct MergeFuzzTests {
    /// Operands as apps write them, before those of the corpus.
    private static func corpus() throws -> [[UInt8]] {
        let written = [
            Fixture.count(3, max: 4), Fixture.delay(7, y: "abc", at: 4), Fixture.delay(-1),
            Fixture.plane("UA", seats: 4, .log(eventTime: 5, bucket: 2, offset: 9)),
            Fixture.plane(nil, .batch(file: 3, row: 4), isDeleted: true),
        ]
        return try written + Corpus.load("stored-values")
    }

    private static let envelopes: [[UInt8]] = [
        [1, 0, 0], [1, 0, 1, 1, 1], [1, 1, 0], [1, 0, 2, 1, 1, 2, 6], [0x08, 5], [0x0a, 0], [0x12, 2],
    ]

    @Test func operandsMergeInAnyGroupingWhateverTheirBytes() throws {
        let merger = StateMergeOperator()
        let corpus = try Self.corpus()
        var sound = corpus.filter { !merger.merge(nil, [$0]).isEmpty }
        let fuzzer = Fuzzer("merges", corpus: corpus, dictionary: Self.envelopes, rounds: 3000)
        try fuzzer.run { input, random in
            // As an existing value it stays as it is when nothing comes, and is never lost.
            try hold(merger.merge(input, []) == input, "merged with nothing it is another")
            let alone = merger.merge(nil, [input])
            try hold(alone.isEmpty || merger.merge(alone, []) == alone, "what was written is read as another")
            try hold(merger.merge(alone, [[]]) == alone, "the identity changes it")
            let (a, b) = (sound[random.index(sound.count)], sound[random.index(sound.count)])
            // What is set aside leaves no trace.
            guard !alone.isEmpty else {
                try hold(
                    merger.merge(a, [input, b]) == merger.merge(a, [b]), "it is no operand, and changes something")
                return false
            }
            let before = merger.undecodableOperands
            let together = merger.merge(nil, [a, b, input])
            let plain = merger.merge(a, [b, input])
            // Fields keep their monoids for as long as a table lives. Of operands that contradict each other about it the first
            // stays, and which one that is the grouping decides.
            let contradict = merger.undecodableOperands > before
            let apart = merger.merge(merger.merge(merger.merge(nil, [a]), [b]), [input])
            try hold(together == apart, "one merge gives \(together.hexadecimal), three \(apart.hexadecimal)")
            if !contradict, let partial = merger.partialMerge([b, input]) {
                let grouped = merger.merge(a, [partial])
                try hold(grouped == plain, "grouped \(grouped.hexadecimal), plain \(plain.hexadecimal)")
            }
            try hold(together.count <= a.count + b.count + input.count + 64, "it grew to \(together.count) bytes")
            if sound.count < 64 { sound.append(input) } else { sound[random.index(64)] = input }
            return true
        }
    }

    @Test func anyStoredValueIsPresentedOrRefused() throws {
        let tables = [Fixture.counts(), Fixture.delays(), Fixture.aircraft()]
        let presenters = tables.map { Presenter($0) }
        let layouts = tables.map { table in
            RowLayout(columns: table.columns.map { ($0.number, $0.name, $0.type) })
        }
        let fuzzer = Fuzzer("stored-values", corpus: try Self.corpus(), dictionary: Self.envelopes, rounds: 3000)
        try fuzzer.run { input, _ in
            var isAccepted = false
            for (presenter, layout) in zip(presenters, layouts) {
                try input.withUnsafeBytes { bytes in
                    var rows = RowMessages()
                    do throws(TablesError) {
                        try presenter.present([bytes], into: &rows) { _ throws(TablesError) in 0 }
                    } catch {
                        return
                    }
                    guard let row = rows[0] else { return }
                    isAccepted = true
                    // What is computed is a row; what is copied is as good as what was stored.
                    if layout.fields.count == 4 { _ = try row.withUnsafeBytes { try layout.decode($0) } }
                }
            }
            return isAccepted
        }
    }
}
