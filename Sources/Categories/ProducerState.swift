internal import Bytes

/// What the log knows of one producer in one category; a row of the family `producers`, see Protocols/record-batch.md.
struct ProducerState: Hashable, Sendable {
    /// How far it has come.
    enum Progress: Hashable, Sendable {
        /// Opened, and nothing has landed.
        case none
        case appends(SequenceWindow)
        case records(highest: Int64)
    }

    var epoch: UInt32
    var progress = Progress.none
    /// Microseconds since 1970.
    var usedAt: Int64

    /// Of what has landed; -1 where nothing has.
    var highest: Int64 {
        switch progress {
        case .none: -1
        case .appends(let window): Int64(clamping: window.highest)
        case .records(let highest): highest
        }
    }

    /// What is to be done with an append.
    enum Admission: Hashable {
        /// By the append's `BucketRecords`, how many of the first records are passed over; empty: none of any.
        case lands([Int])
        case duplicate
    }

    /// Throws where the append is refused.
    mutating func admit(_ producer: ProducerSequence) throws(CategoriesError) -> Admission {
        guard producer.epoch >= epoch else {
            throw CategoriesError(
                .fenced, "the producer's epoch \(producer.epoch) has ended: somebody has begun epoch \(epoch)")
        }
        if producer.epoch > epoch {
            epoch = producer.epoch
            progress = .none
        }
        switch (producer.numbering, progress) {
        case (.append(let sequence), .none): return try admit(sequence, SequenceWindow())
        case (.append(let sequence), .appends(let window)): return try admit(sequence, window)
        case (.records(let sequences), .none): return admit(sequences, above: -1)
        case (.records(let sequences), .records(let highest)): return admit(sequences, above: highest)
        case (.append, .records), (.records, .appends):
            throw CategoriesError(.invalidArgument, "a producer numbers its appends or their records, never both")
        }
    }

    private mutating func admit(
        _ sequence: UInt64, _ window: SequenceWindow
    ) throws(CategoriesError) -> Admission {
        var window = window
        let admission = window.admit(sequence)
        progress = .appends(window)
        switch admission {
        case .new: return .lands([])
        case .duplicate: return .duplicate
        case .tooOld:
            throw CategoriesError(
                .sequenceTooOld,
                "the producer's append \(sequence) is too old: its append \(window.highest) has landed, and only the last "
                    + "\(SequenceWindow.length) are remembered")
        }
    }

    private mutating func admit(_ sequences: [[Int64]], above highest: Int64) -> Admission {
        let greatest = sequences.reduce(highest) { max($0, $1.last ?? $0) }
        progress = .records(highest: greatest)
        if greatest == highest { return .duplicate }
        let passedOver = sequences.map { sequences in sequences.firstIndex { $0 > highest } ?? sequences.count }
        return .lands(passedOver.allSatisfy { $0 == 0 } ? [] : passedOver)
    }
}

extension ProducerState {
    private static let version: UInt8 = 1

    /// Stored; never renumber.
    private enum Kind: UInt8 {
        case none = 0
        case appends = 1
        case records = 2
    }

    func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 32)
        writer.append(Self.version)
        writer.append(littleEndian: epoch)
        writer.append(littleEndian: usedAt)
        switch progress {
        case .none: writer.append(Kind.none.rawValue)
        case .appends(let window):
            writer.append(Kind.appends.rawValue)
            writer.append(littleEndian: window.highest)
            for word in window.missing { writer.append(littleEndian: word) }
        case .records(let highest):
            writer.append(Kind.records.rawValue)
            writer.append(littleEndian: highest)
        }
        return writer.bytes
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws(BytesError) {
        var reader = ByteReader(bytes)
        let version = try reader.readByte()
        epoch = try reader.readLittleEndian()
        usedAt = try reader.readLittleEndian()
        guard version == Self.version, let kind = Kind(rawValue: try reader.readByte()) else {
            throw BytesError(.malformed, "a producer's row is of an unknown kind")
        }
        switch kind {
        case .none: break
        case .records: progress = .records(highest: try reader.readLittleEndian())
        case .appends:
            let highest = try reader.readLittleEndian(UInt64.self)
            var missing: [UInt64] = []
            while !reader.isAtEnd { missing.append(try reader.readLittleEndian()) }
            guard let window = SequenceWindow(highest: highest, missing: missing) else {
                throw BytesError(.malformed, "a producer's row has a window of another length")
            }
            progress = .appends(window)
        }
    }
}
