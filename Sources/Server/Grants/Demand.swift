internal import RPC

/// What an operation needs of the tables and categories that its request names.
enum Demand: Hashable, Sendable {
    /// It shows nothing and does nothing.
    case nothing
    /// It names none; its answer shows what the caller has some right on.
    case visibleOnly
    /// Any right will do: whoever reads, appends or loads has to know what it looks like.
    case anyRight
    case right(Right)
}

extension Operation {
    /// The one table of what each operation needs.
    var demand: Demand {
        switch self {
        case .hello, .ping: .nothing
        case .get, .scan, .fold: .right(.read)
        case .append, .openProducer: .right(.append)
        case .read, .seek, .cut: .right(.read)
        case .describeCategory, .describeTable: .anyRight
        case .listCategories, .listTables, .listApps, .status: .visibleOnly
        // Of all that the file makes or changes, and of what the app was before; what it reads has to be granted too.
        case .deploy: .right(.admin)
        // Of all that the app fills.
        case .deleteApp, .stopApp, .startApp: .right(.admin)
        case .backfill, .rollback, .dropVersion: .right(.admin)
        case .beginLoad, .upload, .finishLoad, .abortLoad, .loadDescriptor: .right(.load)
        }
    }
}
