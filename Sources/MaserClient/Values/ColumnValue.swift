#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A Swift type that keys are made of and columns are read as.
///
/// | column | types |
/// |---|---|
/// | BOOL | `Bool` |
/// | INT64 | `Int`, `Int64` and the smaller integers; an error where a value does not fit |
/// | DOUBLE | `Double`; in keys an integer too |
/// | STRING | `String` |
/// | BYTES | `[UInt8]`, `Data` |
/// | TIMESTAMP | `Timestamp`, `Date` |
///
/// An `Optional` of any of them is `nil` for NULL.
public protocol ColumnValue: Sendable {
    /// nil where the content is of another type, or does not fit.
    init?(columnContent: ColumnContent)
    var columnContent: ColumnContent { get }
}

extension ColumnContent: ColumnValue {
    public init?(columnContent: ColumnContent) { self = columnContent }
    public var columnContent: ColumnContent { self }
}

extension Bool: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .bool(let value) = columnContent else { return nil }
        self = value
    }

    public var columnContent: ColumnContent { .bool(self) }
}

extension Int64: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .integer(let value) = columnContent else { return nil }
        self = value
    }

    public var columnContent: ColumnContent { .integer(self) }
}

extension Int: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .integer(let value) = columnContent else { return nil }
        self.init(exactly: value)
    }

    public var columnContent: ColumnContent { .integer(Int64(self)) }
}

extension Int32: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .integer(let value) = columnContent else { return nil }
        self.init(exactly: value)
    }

    public var columnContent: ColumnContent { .integer(Int64(self)) }
}

extension UInt32: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .integer(let value) = columnContent else { return nil }
        self.init(exactly: value)
    }

    public var columnContent: ColumnContent { .integer(Int64(self)) }
}

extension Double: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .double(let value) = columnContent else { return nil }
        self = value
    }

    public var columnContent: ColumnContent { .double(self) }
}

extension String: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .string(let value) = columnContent else { return nil }
        self = value
    }

    public var columnContent: ColumnContent { .string(self) }
}

extension Array: ColumnValue where Element == UInt8 {
    public init?(columnContent: ColumnContent) {
        guard case .bytes(let value) = columnContent else { return nil }
        self = value
    }

    public var columnContent: ColumnContent { .bytes(self) }
}

extension Data: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .bytes(let value) = columnContent else { return nil }
        self.init(value)
    }

    public var columnContent: ColumnContent { .bytes([UInt8](self)) }
}

extension Timestamp: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .timestamp(let value) = columnContent else { return nil }
        self = value
    }

    public var columnContent: ColumnContent { .timestamp(self) }
}

/// Rounded to microseconds.
extension Date: ColumnValue {
    public init?(columnContent: ColumnContent) {
        guard case .timestamp(let value) = columnContent else { return nil }
        self.init(timeIntervalSince1970: Double(value.microseconds) / 1_000_000)
    }

    public var columnContent: ColumnContent {
        let microseconds = (timeIntervalSince1970 * 1_000_000).rounded()
        return .timestamp(Timestamp(microseconds: Int64(exactly: microseconds) ?? (microseconds < 0 ? .min : .max)))
    }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    public init?(columnContent: ColumnContent) {
        if columnContent == .null {
            self = .none
        } else if let value = Wrapped(columnContent: columnContent) {
            self = value
        } else {
            return nil
        }
    }

    public var columnContent: ColumnContent { self?.columnContent ?? .null }
}
