internal import Foundation

// The events of the ingest benchmark: JSON of about 150 bytes with 8 fields, keys drawn uniformly or after Zipf's law, event
// times that run at a steady rate with a little disorder. Seeded, so that every system that is measured gets the same.

/// Draws ranks after Zipf's law by the method of Gray et al., "Quickly Generating Billion-Record Synthetic Databases"
/// (SIGMOD 1994), as YCSB does.
struct ZipfRanks {
    private let count: Double
    private let theta: Double
    private let alpha: Double
    private let zeta: Double
    private let eta: Double

    init(count: Int, theta: Double) {
        self.count = Double(count)
        self.theta = theta
        zeta = (1...count).reduce(0) { $0 + 1 / pow(Double($1), theta) }
        alpha = 1 / (1 - theta)
        let zeta2 = 1 + pow(0.5, theta)
        eta = (1 - pow(2 / Double(count), 1 - theta)) / (1 - zeta2 / zeta)
    }

    /// A rank from 0 on for a number from 0 up to 1.
    func rank(_ u: Double) -> Int {
        let uz = u * zeta
        if uz < 1 { return 0 }
        if uz < 1 + pow(0.5, theta) { return 1 }
        return min(Int(count) - 1, Int(count * pow(eta * u - eta + 1, alpha)))
    }
}

/// Makes events one after the other.
struct EventGenerator {
    /// Of event time.
    static let eventsPerSecond = 100_000
    /// Event times are up to this much out of order.
    private static let disorderMilliseconds: UInt64 = 1000
    /// Scatters ranks over the keys; a prime.
    private static let scatter = 2_654_435_761

    private static let countries = ["de", "us", "fr", "gb", "jp", "br", "in", "cn"].map { Array($0.utf8) }
    private static let devices = ["phone", "tablet", "laptop", "tv"].map { Array($0.utf8) }

    private let keyCount: Int
    private let zipf: ZipfRanks?
    /// Milliseconds since 1970.
    private let start: Int64
    private var index = 0
    private var state: UInt64

    /// `theta` 0 draws keys uniformly.
    init(keyCount: Int, theta: Double, start: Int64, seed: UInt64) {
        self.keyCount = keyCount
        self.start = start
        zipf = theta > 0 ? ZipfRanks(count: keyCount, theta: theta) : nil
        state = seed
    }

    /// Appends the next event to `bytes`, without a line feed.
    mutating func append(to bytes: inout [UInt8]) {
        let key = nextKey()
        let bits = next()
        let late = next() % Self.disorderMilliseconds
        let time = start + Int64(index) * 1000 / Int64(Self.eventsPerSecond) - Int64(late)
        index += 1
        let amount = Int(bits & 0xffff)
        bytes += Self.openTime
        Self.append(time, to: &bytes)
        bytes += Self.openKey
        Self.append(Int64(key), digits: 8, to: &bytes)
        bytes += Self.openValue
        Self.append(Int64(bits >> 16 & 0x3ff), to: &bytes)
        bytes.append(UInt8(ascii: "."))
        Self.append(Int64(bits >> 26 & 0x3f) + 10, to: &bytes)
        bytes += Self.openAmount
        Self.append(Int64(amount), to: &bytes)
        bytes += Self.openCountry
        bytes += Self.countries[Int(bits >> 32 & 7)]
        bytes += Self.openDevice
        bytes += Self.devices[Int(bits >> 35 & 3)]
        bytes += Self.openPage
        Self.append(Int64(bits >> 37 & 0x3fff), to: &bytes)
        bytes += Self.openSession
        for shift in 0..<8 { bytes.append(Self.hex[Int(bits >> UInt64(shift * 4 + 16) & 15)]) }
        bytes += Self.close
    }

    mutating func nextKey() -> Int {
        guard let zipf else { return Int(next() % UInt64(keyCount)) }
        let rank = zipf.rank(Double(next() >> 11) * 0x1p-53)
        return Int(UInt64(rank) &* UInt64(Self.scatter) % UInt64(keyCount))
    }

    private static let openTime = Array(#"{"at":"#.utf8)
    private static let openKey = Array(#","key":"user-"#.utf8)
    private static let openValue = Array(#"","value":"#.utf8)
    private static let openAmount = Array(#","amount":"#.utf8)
    private static let openCountry = Array(#","country":""#.utf8)
    private static let openDevice = Array(#"","device":""#.utf8)
    private static let openPage = Array(#"","page":"/products/"#.utf8)
    private static let openSession = Array(#"","session":"s-"#.utf8)
    private static let close = Array(#""}"#.utf8)
    private static let hex = Array("0123456789abcdef".utf8)

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    private static func append(_ value: Int64, digits least: Int = 1, to bytes: inout [UInt8]) {
        var rest = value
        var count = 0
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
            count += 1
        } while rest > 0 || count < least
        bytes[start...].reverse()
    }
}
