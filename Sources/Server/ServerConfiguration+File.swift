internal import Configuration
internal import Foundation
internal import SystemPackage

extension ServerConfiguration {
    private static let texts: Set<String> = [
        "endpoint", "ca", "cert", "key", "operations", "memory", "hot-rows", "tls", "grants", "max-lag",
    ]
    private static let numbers: Set<String> = ["shards", "versions", "connections"]
    private static let truths: Set<String> = ["plaintext"]

    /// Reads a JSON file with the keys `endpoint`, `ca`, `cert`, `key`, `plaintext`, `operations`, `memory`, `hot-rows`, `shards`,
    /// `versions`, `connections`, `tls`, `grants`, `max-lag`: the flags of `maser serve` by their own names.
    package mutating func apply(file: String) async throws(ServerError) {
        try Self.check(file)
        let reader: ConfigReader
        do {
            reader = ConfigReader(provider: try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
        } catch {
            throw ServerError(.configuration, "cannot read the configuration \(file): \(error)", cause: error)
        }
        if let endpoint = reader.string(forKey: "endpoint") { try apply(endpoint: endpoint) }
        if let operations = reader.string(forKey: "operations") { try apply(operations: operations) }
        if let memory = reader.string(forKey: "memory") { try apply(memory: memory) }
        if let hotRows = reader.string(forKey: "hot-rows") { try apply(hotRows: hotRows) }
        if let shards = reader.int(forKey: "shards") { try apply(shards: shards) }
        if let versions = reader.int(forKey: "versions") { try apply(versions: versions) }
        if let connections = reader.int(forKey: "connections") { try apply(connections: connections) }
        if let maxLag = reader.string(forKey: "max-lag") { try apply(maxLag: maxLag) }
        if let tls = reader.string(forKey: "tls") { try apply(tls: tls) }
        grants = reader.string(forKey: "grants") ?? grants
        certificateAuthority = reader.string(forKey: "ca") ?? certificateAuthority
        certificate = reader.string(forKey: "cert") ?? certificate
        privateKey = reader.string(forKey: "key") ?? privateKey
        isPlaintext = reader.bool(forKey: "plaintext") ?? isPlaintext
    }

    /// The reader passes over what it does not look for, and over values of another type: a setting that is misspelt
    /// would have no effect, and nobody would hear of it.
    private static func check(_ file: String) throws(ServerError) {
        let settings: [String: Any]
        do {
            settings = try JSONSerialization.jsonObject(with: contents(of: file)) as? [String: Any] ?? ["": 0]
        } catch {
            throw ServerError(
                .configuration, "cannot read the configuration \(file): \(whyUnreadable(error))", cause: error)
        }
        guard settings[""] == nil else {
            throw ServerError(
                .configuration, "the configuration \(file) is no JSON object such as {\"memory\": \"8GiB\"}")
        }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            let wanted: String
            switch name {
            case _ where texts.contains(name): wanted = value is String ? "" : "a text in quotes"
            case _ where numbers.contains(name): wanted = value is Int ? "" : "a whole number"
            case _ where truths.contains(name): wanted = value is Bool ? "" : "true or false"
            default:
                let known = texts.union(numbers).union(truths).sorted().joined(separator: ", ")
                throw ServerError(
                    .configuration, "the configuration \(file) has an unknown setting \"\(name)\"; there are \(known)")
            }
            guard wanted.isEmpty else {
                throw ServerError(.configuration, "the configuration \(file): \"\(name)\" takes \(wanted)")
            }
        }
    }

    /// Read through the system, whose reasons people know.
    private static func contents(of file: String) throws -> Data {
        let descriptor = try FileDescriptor.open(FilePath(file), .readOnly)
        return try descriptor.closeAfter {
            var contents = Data()
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                if count == 0 { return contents }
                contents.append(contentsOf: buffer[..<count])
            }
        }
    }

    private static func whyUnreadable(_ error: any Error) -> String {
        let place = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
        return place.map { "not JSON: \($0)" } ?? "\(error)"
    }
}
