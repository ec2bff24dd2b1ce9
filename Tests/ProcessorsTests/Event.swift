import Records

/// A record of these tests, before it is JSON.
struct Event: Sendable {
    var time: Int64
    var user: String
    var shop: Int64?
    var x: Int64?
    var y: Double?
    var gone: Bool?

    var json: [UInt8] {
        var fields = ["\"time\":\"\(Timestamp.format(time))\"", "\"user\":\"\(user)\""]
        if let shop { fields.append("\"shop\":\(shop)") }
        if let x { fields.append("\"x\":\(x)") }
        if let y { fields.append("\"y\":\(y)") }
        if let gone { fields.append("\"gone\":\(gone)") }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }

    /// Times spread over ten minutes around `base`, in no order; few users, so that keys meet; quarters, whose sums a Double holds.
    static func random(_ count: Int, base: Int64, using generator: inout SeededGenerator) -> [Event] {
        (0..<count).map { _ in
            Event(
                time: base + Int64.random(in: -300...300, using: &generator) * 1_000_000,
                user: "u\(Int.random(in: 0..<20, using: &generator))",
                shop: Bool.random(using: &generator) ? Int64.random(in: -2...5, using: &generator) : nil,
                x: Int.random(in: 0..<5, using: &generator) == 0 ? nil : Int64.random(in: 0...100, using: &generator),
                y: Int.random(in: 0..<5, using: &generator) == 0
                    ? nil : Double(Int.random(in: -999...999, using: &generator)) / 4,
                gone: Int.random(in: 0..<10, using: &generator) == 0 ? true : nil)
        }
    }
}
