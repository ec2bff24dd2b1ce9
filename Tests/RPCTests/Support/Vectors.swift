import Foundation

/// Reads a file of Protocols/vectors.
func vectors<T: Decodable>(_ name: String, as type: T.Type, from file: String = #filePath) throws -> T {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(
        "../../Protocols/vectors")
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name)))
}

func bytes(hexadecimal text: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text[...]
    while !rest.isEmpty {
        guard let byte = UInt8(rest.prefix(2), radix: 16) else { throw NotHexadecimal(text: text) }
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}

struct NotHexadecimal: Error {
    let text: String
}
