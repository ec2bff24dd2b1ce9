internal import Foundation
internal import Glibc

/// What the processors did while it was measured, from /proc.
struct ProcessorUse {
    /// Of the server.
    var serverSeconds = 0.0
    /// In which a processor had nothing to do: what is left over is left over by both, server and generator.
    var idleSeconds = 0.0

    static func measure(pid: Int?, from begin: UInt64, until end: () -> Void) throws -> ProcessorUse {
        let now = monotonicNanoseconds()
        if begin > now { usleep(UInt32((begin - now) / 1000)) }
        let before = try read(pid)
        end()
        let after = try read(pid)
        return ProcessorUse(
            serverSeconds: after.serverSeconds - before.serverSeconds,
            idleSeconds: after.idleSeconds - before.idleSeconds)
    }

    private static func read(_ pid: Int?) throws -> ProcessorUse {
        var use = ProcessorUse()
        if let pid {
            let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            // The name, in parentheses, may hold spaces.
            let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
            use.serverSeconds = seconds(fields, 12) + seconds(fields, 13)
        }
        let all = try String(contentsOfFile: "/proc/stat", encoding: .utf8).prefix { $0 != "\n" }
        use.idleSeconds = seconds(all.split(separator: " "), 4)
        return use
    }

    private static func seconds(_ fields: [Substring], _ index: Int) -> Double {
        guard index < fields.count, let ticks = Double(fields[index]) else { return 0 }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
