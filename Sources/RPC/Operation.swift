/// What a request asks for: the operation byte of a frame's header.
///
/// DO NOT CHANGE THESE NUMBERS: they are on the wire, and Protocols/frames.md lists them.
package enum Operation: UInt8, Hashable, Sendable, CaseIterable {
    /// The first frame each way.
    case hello = 1

    // Lookups.
    case get = 2
    case scan = 3
    case fold = 4

    /// Answered at once and with nothing, so that a client knows that the connection is alive.
    case ping = 5

    // Categories.
    case append = 16
    case read = 17
    case seek = 18
    case describeCategory = 19
    case listCategories = 20
    case openProducer = 21

    // Tables and apps.
    case describeTable = 32
    case listTables = 33
    case deploy = 48
    case deleteApp = 49
    case listApps = 50
    case status = 51
    case stopApp = 52
    case startApp = 53
    case backfill = 54

    // Loads.
    case beginLoad = 64
    case upload = 65
    case finishLoad = 66
    case abortLoad = 67
    case loadDescriptor = 68

    // Versions.
    case rollback = 69
    case dropVersion = 70
    case cut = 71
}
