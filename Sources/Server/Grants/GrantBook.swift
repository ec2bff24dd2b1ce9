internal import Foundation
internal import RPC
internal import Synchronization

/// The grants in force, and how newer ones take their place: from the next request on, on connections that stand too.
final class GrantBook: Sendable {
    /// nil: without a file everybody who is let in may do everything.
    let file: String?
    /// Another number whenever the grants are others.
    private let edition = Atomic<UInt64>(1)
    private let grants: Mutex<Grants>

    init(file: String?) throws(ServerError) {
        self.file = file
        grants = Mutex(try file.map(Self.read) ?? .open)
    }

    /// For tests, which need no file.
    init(_ grants: Grants) {
        file = nil
        self.grants = Mutex(grants)
    }

    var current: Grants { grants.withLock { $0 } }
    var currentEdition: UInt64 { edition.load(ordering: .acquiring) }

    /// Reads the file again; when it cannot be used, what is in force stays.
    func reload() throws(ServerError) {
        guard let file else { return }
        replace(with: try Self.read(file))
    }

    func replace(with newer: Grants) {
        grants.withLock { $0 = newer }
        edition.wrappingAdd(1, ordering: .releasing)
    }

    private static func read(_ file: String) throws(ServerError) -> Grants {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ServerError(
                .configuration, "cannot read the grants \(file): \(reason(ofReading: file))", cause: error)
        }
        return try GrantsFile.parse(text, file: file)
    }

    private static func reason(ofReading file: String) -> String {
        access(file, R_OK) == 0 ? "it is no text in UTF-8" : String(cString: strerror(errno))
    }
}
