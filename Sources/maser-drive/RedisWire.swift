internal import Glibc

/// Redis's protocol: GET, or MGET of all keys of a burst. Answers come in the order of the requests.
struct RedisWire: LookupWire {
    private let style: LookupStyle
    private let keys = KeyWriter()
    private let opening: [UInt8]

    /// `$16`, the key, and a line's end after each.
    private static let keyBytes = 5 + Row.keyBytes + 2

    init(style: LookupStyle, burst: Int) {
        self.style = style
        let command = style == .batched ? "*\(burst + 1)\r\n$4\r\nMGET\r\n" : "*2\r\n$3\r\nGET\r\n"
        opening = Array(command.utf8)
    }

    func requestBytes(keys: Int) -> Int { keys * (opening.count + Self.keyBytes) }

    func write(_ burst: Burst, to target: UnsafeMutableRawPointer) -> Int {
        opening.withUnsafeBytes { opening in
            guard let template = opening.baseAddress else { return 0 }
            var end = target
            for index in 0..<burst.count {
                if index == 0 || style == .pipelined {
                    memcpy(end, template, opening.count)
                    end += opening.count
                }
                end.storeBytes(of: Self.keyLength, as: UInt32.self)
                end.storeBytes(of: UInt8(ascii: "\n"), toByteOffset: 4, as: UInt8.self)
                keys.write(burst.ids[index], to: end + 5)
                end.storeBytes(of: Self.lineEnd, toByteOffset: 5 + Row.keyBytes, as: UInt16.self)
                end += Self.keyBytes
            }
            return end - target
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer, _ burst: inout Burst) throws(DriveError) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let end = base + bytes.count
        var position = base
        while let (kind, number, next) = try line(position, end) {
            if style == .batched && burst.expectedValues == 0 {
                guard kind == UInt8(ascii: "*"), number == burst.count else {
                    throw DriveError("an answer has \(number) values instead of \(burst.count)")
                }
                burst.expectedValues = number
                position = next
                continue
            }
            guard kind == UInt8(ascii: "$"), number >= 0 else {
                throw DriveError("row \(burst.ids[min(burst.answered, burst.count - 1)]) is missing")
            }
            guard end - next >= number + 2 else { break }
            try burst.take(next, length: number, at: burst.answered)
            if style == .batched { burst.expectedValues -= 1 }
            position = next + number + 2
        }
        return position - base
    }

    /// The kind of answer that begins here, its number, and where what follows begins; nil where the line is not whole.
    @inline(__always)
    private func line(
        _ start: UnsafeRawPointer, _ end: UnsafeRawPointer
    ) throws(DriveError) -> (kind: UInt8, number: Int, next: UnsafeRawPointer)? {
        guard end - start >= 4 else { return nil }
        let kind = start.load(as: UInt8.self)
        guard kind == UInt8(ascii: "$") || kind == UInt8(ascii: "*") else {
            throw DriveError("the server answers \(text(start, end))")
        }
        var position = start + 1
        let isNegative = position.load(as: UInt8.self) == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var number = 0
        while position < end {
            let byte = position.load(as: UInt8.self)
            position += 1
            if byte == UInt8(ascii: "\r") {
                return position < end ? (kind, isNegative ? -number : number, position + 1) : nil
            }
            number = number * 10 + Int(byte &- 48)
        }
        return nil
    }

    private func text(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> String {
        let bytes = UnsafeRawBufferPointer(start: start, count: min(200, end - start))
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    private static let keyLength = UInt32(littleEndian: 0x0d36_3124)  // "$16\r"
    private static let lineEnd = UInt16(littleEndian: 0x0a0d)
}
