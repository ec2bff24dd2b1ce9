internal import Catalog

/// The output categories of an app, for its inputs to find their own.
struct InputOutputs {
    let app: AppEntry
    let categories: [CategoryEntry]
    let stores: OutputStores

    /// Those that take records of `input`.
    func plans(
        of input: InputTableEntry, pool: inout ExpressionPool, joins: inout JoinPool
    ) throws(ProcessorsError) -> [RecordPlan] {
        var plans: [RecordPlan] = []
        for category in categories {
            guard case .records(let query)? = category.output, query.input.lowercased() == input.name.lowercased()
            else { continue }
            plans.append(try RecordPlan(category, query, pool: &pool, joins: &joins))
        }
        return plans
    }

    func output(_ plan: RecordPlan, of input: InputTableEntry) -> RecordOutput {
        RecordOutput(plan, app: app, inputCategory: input.categoryID, stores: stores)
    }
}
