internal import Catalog
internal import Records

// What a build is refused for before it reads anything.

extension VersionBuilder {
    func check() throws(BulkLoadError) {
        let table = descriptor.table
        try sourceOptions.check(columns: descriptor.sourceColumns.map(\.name), table: table.name)
        guard sources.files.count <= BatchSource.greatestNumber else {
            throw BulkLoadError(.wrongPlan, "a load has at most \(BatchSource.greatestNumber) files")
        }
        guard let input = descriptor.input else {
            if cut != nil {
                throw BulkLoadError(
                    .wrongPlan, "table \(table.name) is filled by loads alone: there is no category to go on from a cut"
                )
            }
            return
        }
        try checkCut(input)
        for join in table.source.joins where joined.tables[join.tableID] == nil {
            let name = descriptor.joined.first { $0.id == join.tableID }?.name ?? join.name
            throw BulkLoadError(
                .wrongPlan,
                "table \(table.name) joins \(name), whose rows are needed here too: give a file of them, as in --join \(name)=\(name).csv"
            )
        }
    }

    private func checkCut(_ input: InputTableEntry) throws(BulkLoadError) {
        switch cut {
        case .eventTime:
            guard input.eventTimeColumn != nil else {
                throw BulkLoadError(
                    .wrongPlan, "\(input.name) names no event time, so no time can be a cut of \(descriptor.table.name)"
                )
            }
        case .positions(let category, let offsets):
            guard category == input.categoryID else {
                throw BulkLoadError(
                    .wrongPlan,
                    "the cut is of another category than \(descriptor.category?.name ?? "the one"), which feeds table \(descriptor.table.name)"
                )
            }
            if let count = descriptor.category?.bucketCount, offsets.count > count {
                throw BulkLoadError(
                    .wrongPlan,
                    "the cut has \(offsets.count) buckets, but category \(descriptor.category?.name ?? "") has \(count)"
                )
            }
        case .earliest, .replace, nil: break
        }
    }
}
