/// How a TIMESTAMP that is written as a number counts since 1970.
package enum TimeUnit: String, Codable, Hashable, Sendable {
    case seconds = "SECONDS"
    case milliseconds = "MILLISECONDS"
    case microseconds = "MICROSECONDS"
    case nanoseconds = "NANOSECONDS"
}
