internal import Glibc

/// The process's files: a connection is one, and so is everything that the stores have open.
enum OpenFiles {
    /// What the stores, the log, loads and the operations port may have open together.
    static let reserved = 8192
    /// With fewer a server is of no use.
    private static let leastConnections = 64

    /// Raises the limit of the process to what `connections` need, as far as the system lets it.
    ///
    /// - Returns: how many connections there may be, and where those are fewer a line that says why.
    static func raise(forConnections connections: Int) -> (connections: Int, warning: String?) {
        let wanted = rlim_t(connections + reserved)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return (connections, nil) }
        if limit.rlim_cur < wanted {
            // Only a privileged process may go above the hard limit.
            var raised = rlimit(rlim_cur: wanted, rlim_max: max(limit.rlim_max, wanted))
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) != 0 {
                raised = rlimit(rlim_cur: min(wanted, limit.rlim_max), rlim_max: limit.rlim_max)
                _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
            }
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        if limit.rlim_cur >= wanted { return (connections, nil) }
        let files = Int(clamping: limit.rlim_cur)
        let served = max(leastConnections, min(connections, files - min(reserved, files / 2)))
        return (
            served,
            "this process may open \(files) files, enough for \(served) connections and not for \(connections): "
                + "raise the limit (ulimit -n, or LimitNOFILE= of systemd) to \(wanted), or give --connections \(served)"
        )
    }
}
