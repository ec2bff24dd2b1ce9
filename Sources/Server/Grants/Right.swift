/// What a caller may be granted. Admin is all of them.
enum Right: String, CaseIterable, Sendable {
    case read
    case append
    case load
    case admin
}

/// A set of rights, in a byte.
struct Rights: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let none: Rights = []
    static let all = Rights(rawValue: .max)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ right: Right) {
        rawValue =
            switch right {
            case .read: 1
            case .append: 2
            case .load: 4
            case .admin: Rights.all.rawValue
            }
    }

    func allows(_ right: Right) -> Bool { isSuperset(of: Rights(right)) }
}

/// What a right is on.
enum GrantObject: Hashable, Sendable, CustomStringConvertible {
    case table(String)
    case category(String)
    /// What belongs to no table and no category.
    case server

    var description: String {
        switch self {
        case .table(let name): "table \(name)"
        case .category(let name): "category \(name)"
        case .server: "*"
        }
    }
}
