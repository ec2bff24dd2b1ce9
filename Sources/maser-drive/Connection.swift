internal import Glibc
internal import NIOCore
internal import RPC

/// A socket that never blocks, in plaintext or behind TLS, and the burst that is under way on it.
final class Connection {
    let socket: Int32
    var burst: Burst
    /// When the burst was sent, in nanoseconds.
    var sentAt: UInt64 = 0

    private let tls: TLSSession?
    /// What has arrived and is not taken yet, decrypted.
    private var received: ByteBuffer
    private var ciphertext: ByteBuffer
    /// What the socket has not taken yet.
    private var unsent = ByteBuffer()
    private let request: UnsafeMutableRawPointer

    private static let bufferBytes = 256 << 10

    /// Waits until it is connected, and until the handshake is done.
    init(host: String, port: UInt16, tls context: TLSContext?, burst: Int, requestBytes: Int) throws {
        socket = try Self.connect(host, port)
        tls = try context.map { try TLSSession(context: $0, serverName: host) }
        self.burst = Burst(count: burst)
        received = ByteBufferAllocator().buffer(capacity: Self.bufferBytes)
        ciphertext = ByteBufferAllocator().buffer(capacity: Self.bufferBytes)
        // A key's last group of digits has a byte too many.
        request = .allocate(byteCount: requestBytes + 8, alignment: 8)
        if let tls { try shakeHands(tls) }
    }

    private static func connect(_ host: String, _ port: UInt16) throws(DriveError) -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw DriveError(system: "socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw DriveError("\(host) is no IPv4 address") }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw DriveError(system: "cannot connect to \(host):\(port)") }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        guard fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK) == 0 else {
            throw DriveError(system: "fcntl")
        }
        return socket
    }

    private func shakeHands(_ tls: TLSSession) throws {
        while try !tls.handshake() {
            try sendCiphertext(tls)
            try waitUntilReadable()
            try receiveCiphertext(tls)
        }
        try sendCiphertext(tls)
    }

    /// Sends bytes and gives what has come whenever there is more, until `isEnough` takes all of it. For what precedes the first burst.
    func exchange(_ bytes: [UInt8], until isEnough: (UnsafeRawBufferPointer) throws -> Bool) throws {
        _ = try bytes.withUnsafeBytes { try send($0) }
        while try !received.withUnsafeReadableBytes(isEnough) {
            try waitUntilReadable()
            try receive()
        }
        received.clear()
    }

    private func waitUntilReadable() throws(DriveError) {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 10_000) == 1 else { throw DriveError("the server says nothing for 10 seconds") }
    }

    // MARK: Bursts

    /// Sends the burst's requests; false where the socket did not take all.
    @inline(__always)
    func sendBurst(_ wire: some LookupWire) throws -> Bool {
        let count = wire.write(burst, to: request)
        return try send(UnsafeRawBufferPointer(start: request, count: count))
    }

    /// Reads what has come, and takes the answers in it; returns how many.
    @inline(__always)
    func receiveAnswers(_ wire: some LookupWire) throws -> Int {
        try receive()
        let before = burst.answered
        let taken = try received.withUnsafeReadableBytes { try wire.take($0, &burst) }
        received.moveReaderIndex(forwardBy: taken)
        if received.readableBytes == 0 { received.clear() }
        return burst.answered - before
    }

    private func receive() throws {
        if let tls {
            try receiveCiphertext(tls)
            guard try tls.read(into: &received) else { throw DriveError("the server closed the connection") }
        } else {
            try read(into: &received)
        }
    }

    private func receiveCiphertext(_ tls: TLSSession) throws(DriveError) {
        ciphertext.clear()
        try read(into: &ciphertext)
        tls.receive(ciphertext)
    }

    @inline(__always)
    private func read(into buffer: inout ByteBuffer) throws(DriveError) {
        var count = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 << 10) { space in
            count = Glibc.read(socket, space.baseAddress, space.count)
            return max(0, count)
        }
        if count == 0 { throw DriveError("the server closed the connection") }
        if count < 0 && errno != EAGAIN { throw DriveError(system: "read") }
    }

    // MARK: The way out

    @inline(__always)
    private func send(_ plaintext: UnsafeRawBufferPointer) throws -> Bool {
        if let tls {
            try tls.write(plaintext)
            return try sendCiphertext(tls)
        }
        return try sendNow(plaintext)
    }

    @discardableResult
    private func sendCiphertext(_ tls: TLSSession) throws(DriveError) -> Bool {
        ciphertext.clear()
        tls.takeOutput(into: &ciphertext)
        do {
            return try ciphertext.withUnsafeReadableBytes { try sendNow($0) }
        } catch {
            throw DriveError(system: "send")
        }
    }

    @inline(__always)
    private func sendNow(_ bytes: UnsafeRawBufferPointer) throws(DriveError) -> Bool {
        guard bytes.count > 0 else { return true }
        let count = Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        if count == bytes.count { return true }
        guard count >= 0 || errno == EAGAIN else { throw DriveError(system: "send") }
        unsent.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[max(0, count)...]))
        return false
    }

    /// Sends what the socket did not take; true when that was all.
    func sendRest() throws(DriveError) -> Bool {
        var rest = unsent
        unsent.clear()
        let count = rest.withUnsafeReadableBytes {
            Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 || errno == EAGAIN else { throw DriveError(system: "send") }
        rest.moveReaderIndex(forwardBy: max(0, count))
        unsent.writeBuffer(&rest)
        return unsent.readableBytes == 0
    }
}
