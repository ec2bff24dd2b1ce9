import Catalog
import Categories
import Records
import Testing

@Suite struct CompressionTests {
    @Test func everyCategoryIsCompressedAsItAsksAndReadsWhatItWroteOtherwise() throws {
        let fixture = try LogFixture()
        let text = (0..<2000).map { "{\"key\": \"user-\($0 % 50)\", \"amount\": \($0)}" }
        var sizes: [Compression: Int] = [:]
        var category = CategoryEntry(id: 3, name: "packed", bucketCount: 1, sql: "")
        for (id, compression) in [Compression.zstd, .lz4, .none].enumerated() {
            category.id = UInt32(id) + 3
            category.name = "packed_\(compression)"
            category.compression = compression
            try fixture.catalog.update { [category] in try $0.put(category) }
        }
        var store = try fixture.open()
        for id in 3...5 as ClosedRange<UInt32> {
            guard let category = fixture.catalog.snapshot.category(id: id) else { continue }
            try store.append([records(0, text)], to: category)
            sizes[category.compression] = store.byteCount(category: id)
            #expect(try store.texts(0, of: category) == text)
        }
        let raw = try #require(sizes[Compression.none])
        #expect(try #require(sizes[.lz4]) < raw / 3)
        #expect(try #require(sizes[.zstd]) < raw / 5)
        // From now on otherwise: each batch says how it was written.
        for compression in [Compression.lz4, .none, .zstd] {
            category.compression = compression
            try store.append([records(0, text)], to: category)
        }
        store.close()
        store = try fixture.open()
        #expect(try store.texts(0, of: category) == text + text + text + text)
        store.close()
    }

    @Test func whatDoesNotGetSmallerIsStoredAsItIs() throws {
        let fixture = try LogFixture()
        let store = try fixture.open()
        let noise = (0..<10_000).map { _ in UInt8.random(in: 0...255) }
        var category = LogFixture.clicks
        for compression in [Compression.zstd, .lz4, .none] {
            category.compression = compression
            let before = store.byteCount(category: category.id)
            try store.append([BucketRecords(bucket: 0, records: [NewRecord(value: noise)])], to: category)
            #expect(store.byteCount(category: category.id) - before < noise.count + 200)
        }
        let read = try store.read(
            category: category.id, bucket: 0, from: 0, maximumRecords: .max, maximumBytes: .max)
        #expect((0..<3).allSatisfy { Array(read.values[$0]) == noise })
        store.close()
    }
}
