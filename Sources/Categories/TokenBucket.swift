/// A rate that may be exceeded for a moment: what one second allows gathers, and no more.
///
/// What takes more than one second's worth passes when that much has gathered, and the next has to wait the longer.
struct TokenBucket: Hashable, Sendable {
    private let perSecond: Double
    private var level: Double
    /// Microseconds, by whatever clock.
    private var filledAt: Int64

    init(perSecond: Int64, now: Int64) {
        self.perSecond = Double(max(1, perSecond))
        level = self.perSecond
        filledAt = now
    }

    func isOf(_ perSecond: Int64) -> Bool { self.perSecond == Double(max(1, perSecond)) }

    /// Takes so many where they are there; else answers in how many microseconds they will be.
    mutating func take(_ count: Int, now: Int64) -> Int64? {
        if now > filledAt {
            level = min(perSecond, level + Double(now - filledAt) / 1e6 * perSecond)
        }
        filledAt = max(filledAt, now)
        let wanted = min(Double(count), perSecond)
        guard level >= wanted else { return Int64(((wanted - level) / perSecond * 1e6).rounded(.up)) }
        level -= Double(count)
        return nil
    }
}
