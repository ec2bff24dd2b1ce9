internal import CEpoll
internal import Glibc

/// Which sockets have something to read, or room to write.
final class Epoll {
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    init(capacity: Int) throws(DriveError) {
        descriptor = epoll_create1(0)
        guard descriptor >= 0 else { throw DriveError(system: "epoll_create1") }
        self.capacity = capacity
        events = .allocate(capacity: capacity)
    }

    deinit {
        events.deallocate()
        close(descriptor)
    }

    func add(_ socket: Int32, token: Int) throws(DriveError) {
        try set(EPOLL_CTL_ADD, socket, token, writes: false)
    }

    func change(_ socket: Int32, token: Int, writes: Bool) throws(DriveError) {
        try set(EPOLL_CTL_MOD, socket, token, writes: writes)
    }

    private func set(_ operation: Int32, _ socket: Int32, _ token: Int, writes: Bool) throws(DriveError) {
        guard maser_epoll_set(descriptor, operation, socket, UInt32(token), writes ? 1 : 0) == 0 else {
            throw DriveError(system: "epoll_ctl")
        }
    }

    /// How many have something to do; waits up to so long for the first.
    func wait(milliseconds: Int32) throws(DriveError) -> Int {
        let count = epoll_wait(descriptor, events, Int32(capacity), milliseconds)
        guard count >= 0 || errno == EINTR else { throw DriveError(system: "epoll_wait") }
        return Int(max(0, count))
    }

    @inline(__always)
    func token(_ index: Int) -> Int { Int(maser_epoll_token(events + index)) }

    @inline(__always)
    func isWritable(_ index: Int) -> Bool { maser_epoll_is_writable(events + index) != 0 }
}
