internal import CArrow

/// A column's type as the Arrow C data interface writes it down, as far as a table has a place for it.
indirect enum ArrowType: Hashable, Sendable {
    enum Offsets: Hashable, Sendable {
        case narrow
        case wide
        /// Each value says where it stands.
        case views
    }

    case null
    case bool
    case integer(bits: Int, isSigned: Bool)
    case half
    case float
    case double
    case decimal(bits: Int, scale: Int)
    case text(Offsets)
    case binary(Offsets)
    case fixedBinary(bytes: Int)
    /// Days since 1970.
    case date32
    /// Milliseconds since 1970.
    case date64
    case timestamp(TimestampUnit)
    /// Places in a list of values.
    case dictionary(indexBits: Int, isSigned: Bool, values: ArrowType)
    /// Lists, structs, times of day, durations and what is still to come.
    case other

    enum TimestampUnit: Character, Hashable, Sendable {
        case seconds = "s"
        case milliseconds = "m"
        case microseconds = "u"
        case nanoseconds = "n"
    }

    init(_ schema: borrowing ArrowSchema) {
        let format = schema.format.map { String(cString: $0) } ?? ""
        let own = Self.plain(format)
        guard let dictionary = schema.dictionary else {
            self = own
            return
        }
        guard case .integer(let bits, let isSigned) = own, dictionary.pointee.dictionary == nil else {
            self = .other
            return
        }
        self = .dictionary(indexBits: bits, isSigned: isSigned, values: ArrowType(dictionary.pointee))
    }

    private static func plain(_ format: String) -> ArrowType {
        switch format {
        case "n": .null
        case "b": .bool
        case "c": .integer(bits: 8, isSigned: true)
        case "C": .integer(bits: 8, isSigned: false)
        case "s": .integer(bits: 16, isSigned: true)
        case "S": .integer(bits: 16, isSigned: false)
        case "i": .integer(bits: 32, isSigned: true)
        case "I": .integer(bits: 32, isSigned: false)
        case "l": .integer(bits: 64, isSigned: true)
        case "L": .integer(bits: 64, isSigned: false)
        case "e": .half
        case "f": .float
        case "g": .double
        case "u": .text(.narrow)
        case "U": .text(.wide)
        case "vu": .text(.views)
        case "z": .binary(.narrow)
        case "Z": .binary(.wide)
        case "vz": .binary(.views)
        case "tdD": .date32
        case "tdm": .date64
        default: parametric(format)
        }
    }

    /// Types whose format has figures in it: `w:16`, `d:15,2`, `d:40,2,256`, `tsu:Europe/Berlin`.
    private static func parametric(_ format: String) -> ArrowType {
        if format.hasPrefix("w:") { return Int(format.dropFirst(2)).map { .fixedBinary(bytes: $0) } ?? .other }
        if format.hasPrefix("d:") {
            let figures = format.dropFirst(2).split(separator: ",").map { Int($0) }
            guard figures.count >= 2, let scale = figures[1] else { return .other }
            let bits = figures.count > 2 ? figures[2] ?? 0 : 128
            return [32, 64, 128, 256].contains(bits) ? .decimal(bits: bits, scale: scale) : .other
        }
        if format.hasPrefix("ts"), let letter = format.dropFirst(2).first, let unit = TimestampUnit(rawValue: letter) {
            return .timestamp(unit)
        }
        return .other
    }
}
