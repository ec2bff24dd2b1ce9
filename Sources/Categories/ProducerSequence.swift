/// Who appends, and which of its appends this is, so that one that is sent again lands once.
///
/// An epoch fences: once an append of a higher one has come, those of a lower are refused.
package struct ProducerSequence: Hashable, Sendable {
    package static let greatestIDBytes = 64

    package enum Numbering: Hashable, Sendable {
        /// The append has a sequence of its own, from 1, and appends come in any order: all of it lands, or none. One that is
        /// more than 1023 below the highest that landed is refused, for nobody remembers whether it did.
        case append(UInt64)
        /// Each record has a sequence, by the append's `BucketRecords`; they rise in each. A record lands where its sequence
        /// is above the highest of the appends before, and is passed over otherwise. Gaps are normal.
        case records([[Int64]])
    }

    /// 1 to 64 bytes.
    package let id: [UInt8]
    package let epoch: UInt32
    package let numbering: Numbering

    package init(id: [UInt8], epoch: UInt32, numbering: Numbering) {
        self.id = id
        self.epoch = epoch
        self.numbering = numbering
    }

    var byteCount: Int {
        switch numbering {
        case .append: id.count
        case .records(let sequences): id.count + sequences.reduce(0) { $0 + $1.count * 8 }
        }
    }

    static func check(id: [UInt8]) throws(CategoriesError) {
        guard (1...greatestIDBytes).contains(id.count) else {
            throw CategoriesError(
                .invalidArgument, "a producer's id has 1 to \(greatestIDBytes) bytes, not \(id.count)")
        }
    }

    /// Whether it can be the numbering of these records.
    func check(_ records: [BucketRecords]) throws(CategoriesError) {
        try Self.check(id: id)
        switch numbering {
        case .append(let sequence):
            guard sequence > 0, sequence <= UInt64(Int64.max) else {
                throw CategoriesError(.invalidArgument, "a producer's sequences begin at 1, and \(sequence) is none")
            }
        case .records(let sequences):
            guard sequences.map(\.count) == records.map(\.count) else {
                throw CategoriesError(.invalidArgument, "each record needs a sequence, and there must be no others")
            }
            for sequences in sequences {
                var last: Int64 = -1
                for sequence in sequences {
                    guard sequence > last else {
                        throw CategoriesError(
                            .invalidArgument, "the sequences of a bucket's records must rise from 0 on")
                    }
                    last = sequence
                }
            }
        }
    }
}
