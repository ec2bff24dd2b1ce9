// The load generator of tools/bench/lookup. It stands apart from `maser` because it has to cost little beside the servers
// that it drives, on the same cores: one thread with an epoll of its own, requests written and answers walked in place. MaserClient
// and its tasks cost more a lookup than the server does, and a benchmark would measure them. It speaks to Redis too, in the same loop, which no
// user of `maser` has any use for.

internal import ArgumentParser
internal import Glibc

/// `maser-drive`: lookups of one table of 100-byte rows, over Maser's frames or Redis's protocol, and the rows themselves.
@main
struct Drive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maser-drive",
        abstract: "Drives Maser or Redis with lookups, for tools/bench/lookup.",
        subcommands: [DriveLookups.self, DriveRows.self])
}

/// What ends the drive, as a line for a person.
struct DriveError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    /// A failed call of the system, with its reason.
    init(system call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}
