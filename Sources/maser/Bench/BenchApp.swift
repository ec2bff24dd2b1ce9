internal import MaserClient
internal import RPC

/// What the benchmarks that write need on the server: an app of their own, so that nobody's results change.
enum BenchApp {
    static let name = "maser_bench"
    static let countsTable = "maser_bench_counts"
    static let latestTable = "maser_bench_latest"
    static let loadedTable = "maser_bench_rows"
    static let bucketCount = 8

    /// What is in the category from earlier runs is not read again.
    private static let sql = """
        CREATE APPLICATION \(name);
        CREATE CATEGORY \(name) BUCKETS \(bucketCount) BY id FORMAT JSON;
        CREATE INPUT TABLE \(name) (at TIMESTAMP, id STRING, value DOUBLE)
            FROM CATEGORY '\(name)' START LATEST TIME at;
        CREATE TABLE \(countsTable) AS
        SELECT id, COUNT(*) AS records, SUM(value) AS total, MAX(value) AS greatest FROM \(name) [1 DAY] GROUP BY id;
        CREATE TABLE \(latestTable) PRIMARY KEY (id) AS SELECT id, value, at FROM \(name);
        """

    private static let loadedSQL = """
        CREATE TABLE \(loadedTable) (id STRING, count INT64, value DOUBLE, note STRING) PRIMARY KEY (id);
        """

    /// Runs `body` while the app runs, and deletes the app with its tables.
    static func run<R>(_ client: Client, _ body: () async throws -> R) async throws -> R {
        // The remains of a run that was killed.
        if try await client.apps().contains(where: { $0.name == name }) {
            try await client.deleteApp(name, droppingTables: true)
        }
        _ = try await client.deploy(sql, file: "maser bench")
        do {
            let result = try await body()
            try await client.deleteApp(name, droppingTables: true)
            return result
        } catch {
            try? await client.deleteApp(name, droppingTables: true)
            throw error
        }
    }

    static func makeLoadedTable(_ client: Client) async throws {
        _ = try await client.deploy(loadedSQL, file: "maser bench")
    }

    /// Returns when everything appended before is applied.
    static func waitUntilApplied(_ client: Client) async throws {
        while true {
            guard let app = try await client.status().apps.first(where: { $0.name == name }) else {
                throw CommandError("somebody deleted app \(name) while it was measured")
            }
            if !app.failure.isEmpty { throw CommandError("app \(name) failed: \(app.failure)") }
            if app.lag == 0 { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
