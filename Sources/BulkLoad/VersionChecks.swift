package import Catalog
internal import Records
package import Tables

// A load that went wrong (half the files, a column that nobody fills any more) makes a version that is whole and readable,
// and that nobody wants. It shows against the version that serves.

/// Compares a version with the one that serves.
package enum VersionChecks {
    /// Keys whose rows are read at once.
    private static let chunk = 256

    /// The checks of `version`, of which the table's limits decide. None where nothing serves yet, or what serves is empty.
    package static func make(
        of version: UInt32, in table: TableEntry, _ tables: TableStore
    ) throws(TablesError) -> [VersionCheck] {
        guard table.servingVersion != version, table.versions.contains(where: { $0.number == table.servingVersion })
        else { return [] }
        let surveys = try tables.survey(table, versions: [table.servingVersion, version])
        let (former, found) = (surveys[0], surveys[1])
        if former.rows == 0 { return [] }
        let limits = table.loadLimits ?? LoadLimits()
        var checks = [
            VersionCheck(.rows, former.rows, found.rows, atLeast: limits.leastRows),
            VersionCheck(.bytes, former.bytes, found.bytes, atLeast: limits.leastBytes),
        ]
        let formerNulls = try nullShares(of: table.servingVersion, in: table, former.keys, tables)
        let foundNulls = try nullShares(of: version, in: table, found.keys, tables)
        for (index, column) in table.columns.enumerated() {
            guard let former = formerNulls[index], let found = foundNulls[index] else { continue }
            checks.append(
                VersionCheck(
                    subject: .nulls(column: column.name), former: former, found: found, limit: limits.nullRise,
                    isPassed: found - former <= limits.nullRise))
        }
        return checks
    }

    /// Of each column, among the rows of some keys; nil where none is there.
    private static func nullShares(
        of version: UInt32, in table: TableEntry, _ keys: ByteStrings, _ tables: TableStore
    ) throws(TablesError) -> [Double?] {
        var table = table
        table.servingVersion = version
        var nulls = [Int](repeating: 0, count: table.columns.count)
        var rows = 0
        for start in stride(from: 0, to: keys.count, by: chunk) {
            let some = keys.gather(Array(start..<min(start + chunk, keys.count)))
            let found: PresentedRows
            do {
                found = try tables.columns(table.columns, of: table, keys: some)
            } catch {
                // Of rows so large, others have to do.
                if error.code == .limitExceeded { continue }
                throw error
            }
            for row in found.isPresent.indices where found.isPresent[row] {
                rows += 1
                for (index, column) in found.columns.enumerated() where column.nulls?[row] == true {
                    nulls[index] += 1
                }
            }
        }
        return nulls.map { rows == 0 ? nil : Double($0) / Double(rows) }
    }
}

extension VersionCheck {
    fileprivate init(_ subject: Subject, _ former: Double, _ found: Double, atLeast limit: Double) {
        self.init(
            subject: subject, former: former, found: found, limit: limit, isPassed: found >= former * limit)
    }
}
