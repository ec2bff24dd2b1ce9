internal import Categories
internal import Tables

extension ProcessorsError {
    /// A failure of the log, met while doing something.
    init(log error: CategoriesError, _ doing: String, code: Code = .readFailed) {
        switch error.code {
        case .corruption: self.init(.corruption, doing, cause: error)
        case .outOfRange: self.init(.positionOutsideLog, doing, cause: error)
        // Somebody deleted a category that the app still follows.
        case .notFound: self.init(.invalidPlan, doing, cause: error)
        default: self.init(code, doing, cause: error)
        }
    }

    /// A failure of the table store, met while doing something.
    init(tables error: TablesError, _ doing: String, code: Code) {
        switch error.code {
        case .corruption: self.init(.corruption, doing, cause: error)
        // Somebody dropped a table that the app still fills.
        case .notFound: self.init(.invalidPlan, doing, cause: error)
        default: self.init(code, doing, cause: error)
        }
    }
}
