internal import Synchronization

/// So many a second, and no more than a second's worth saved up: one number that threads change without a lock.
///
/// The number is the time at which the bucket would be full again: every taking moves it on, and time catches up with it (the
/// virtual scheduling form of the generic cell rate algorithm, ITU-T I.371).
struct TokenBucket: ~Copyable, Sendable {
    private static let second: Int64 = 1_000_000_000

    private let fullAt = Atomic<Int64>(0)

    /// Takes up to `count`; returns how many it were. `now` is in nanoseconds of a clock that only goes forward.
    func take(_ count: Int, rate: Int, now: Int64) -> Int {
        var former = fullAt.load(ordering: .relaxed)
        while true {
            let base = max(former, now)
            let room = Self.second - (base - now)
            guard room > 0 else { return 0 }
            let fits = Int(Self.product(room, rate, over: Self.second))
            let taken = min(count, fits)
            guard taken > 0 else { return 0 }
            let later = base + Self.cost(taken, rate)
            let result = fullAt.compareExchange(expected: former, desired: later, ordering: .relaxed)
            if result.exchanged { return taken }
            former = result.original
        }
    }

    /// Takes what was used already, though it be more than there was: the debt is paid before the next.
    func charge(_ count: Int, rate: Int, now: Int64) {
        guard count > 0 else { return }
        var former = fullAt.load(ordering: .relaxed)
        while true {
            let later = max(former, now) + Self.cost(count, rate)
            let result = fullAt.compareExchange(expected: former, desired: later, ordering: .relaxed)
            if result.exchanged { return }
            former = result.original
        }
    }

    func hasRoom(now: Int64) -> Bool { fullAt.load(ordering: .relaxed) - now < Self.second }

    func isFull(now: Int64) -> Bool { fullAt.load(ordering: .relaxed) <= now }

    private static func cost(_ count: Int, _ rate: Int) -> Int64 { max(1, product(second, count, over: Int64(rate))) }

    private static func product(_ a: Int64, _ b: Int, over divisor: Int64) -> Int64 {
        let product = a.multipliedFullWidth(by: Int64(b))
        // Within the ranges of limits and of frames the quotient fits: the divisor is greater than the high half.
        guard product.high < divisor else { return .max / 4 }
        return divisor.dividingFullWidth(product).quotient
    }
}
