internal import Synchronization

/// What the user says of source files besides their paths.
package struct SourceOptions: Sendable {
    /// What stands for NULL in CSV and TSV besides nothing.
    package var nullText: String?
    /// By the table's column the name that it has in the files, where that differs.
    package var columnNames: [String: String]
    package var warnings: SourceWarnings

    package init(
        nullText: String? = nil, columnNames: [String: String] = [:], warnings: SourceWarnings = SourceWarnings()
    ) {
        self.nullText = nullText
        self.columnNames = columnNames
        self.warnings = warnings
    }

    /// What the files call a column.
    func name(of column: String) -> String {
        columnNames[column] ?? columnNames.first { $0.key.lowercased() == column.lowercased() }?.value ?? column
    }

    /// A name that is given for no column of the table is a slip.
    package func check(columns: [String], table: String) throws(BulkLoadError) {
        for name in columnNames.keys.sorted()
        where !columns.contains(where: { $0.lowercased() == name.lowercased() }) {
            throw BulkLoadError(
                .malformedSource,
                "table \(table) has no column \(name) to read from \(columnNames[name] ?? ""); "
                    + "it has \(columns.joined(separator: ", "))")
        }
    }
}

/// What people should know of a load that goes on all the same: once for each column, however many files have it.
package final class SourceWarnings: Sendable {
    private struct Said {
        var columns: Set<String> = []
        var messages: [String] = []
    }

    private let said = Mutex(Said())

    package init() {}

    package var messages: [String] { said.withLock { $0.messages } }

    func warn(column: String, _ message: String) {
        said.withLock { said in
            if said.columns.insert(column).inserted { said.messages.append("column \(column): \(message)") }
        }
    }
}
