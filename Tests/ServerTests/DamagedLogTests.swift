import Catalog
import Categories
import RPC
import RocksDB
import Testing

@testable import Server

/// A log that the disk has damaged, under an app.
@Suite(.serialized) struct DamagedLogTests {
    typealias Fixture = ControlPlaneTests.Fixture

    @Test func anAppFailsBeforeWhatItCannotReadAndSaysWhich() async throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(ControlPlaneTests.counts)
        try fixture.stop("counts")
        for words in [["a"], ["b", "b"], ["c"]] {
            try await fixture.append(words.map { #"{"word": "\#($0)"}"# }, to: "words")
        }
        let category = try #require(fixture.engine.catalog.snapshot.category(named: "words"))
        try fixture.reopen {
            let database = try Database.open(at: fixture.folder + "/log", options: DatabaseOptions()) { _ in
                FamilyOptions(isCompacted: false)
            }
            let family = try #require(database.family(named: "c\(category.id).s1"))
            let key: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
            var value = try #require(try database.value(forKey: key, in: family))
            value[value.count - 1] ^= 1
            var batch = WriteBatch()
            batch.put(key, value, in: family)
            try database.write(batch, sync: true)
            try database.close()
        }
        try fixture.start("counts")
        func failure() throws -> WireAppStatus? {
            try fixture.status().apps.first { $0.name == "counts" && $0.state == "failed" }
        }
        for _ in 0..<2000 where try failure() == nil { try await Task.sleep(for: .milliseconds(5)) }
        let status = try #require(try failure())
        #expect(
            status.failure.contains(
                "category words bucket 0: the records from offset 1 up to 3 cannot be read: the record batch does not "
                    + "match its checksum"), "\(status.failure)")
        // Nothing is passed over in silence.
        #expect(try fixture.count(of: "c") == nil)
    }
}
