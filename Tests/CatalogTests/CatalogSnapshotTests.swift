import Catalog
import Testing

@Suite struct CatalogSnapshotTests {
    @Test func namesMatchWithoutCase() throws {
        var snapshot = CatalogSnapshot(shardCount: 64)
        try snapshot.put(Sample.table(id: 1, name: "Delay_By_Route"))
        #expect(snapshot.table(named: "delay_by_ROUTE")?.id == 1)
        #expect(snapshot.table(named: "delay") == nil)
    }

    @Test func aNameBelongsToOneEntryOfAKind() throws {
        var snapshot = CatalogSnapshot(shardCount: 64)
        try snapshot.put(Sample.table(id: 1, name: "flights"))
        try snapshot.put(Sample.category(id: 1, name: "flights"))
        let error = #expect(throws: CatalogError.self) { try snapshot.put(Sample.table(id: 2, name: "FLIGHTS")) }
        #expect(error?.code == .nameTaken)
        #expect(snapshot.table(named: "flights")?.id == 1)
        #expect(snapshot.table(id: 2) == nil)
    }

    @Test func aRenamedEntryGivesItsNameBack() throws {
        var snapshot = CatalogSnapshot(shardCount: 64)
        try snapshot.put(Sample.table(id: 1, name: "a"))
        try snapshot.put(Sample.table(id: 1, name: "b"))
        #expect(snapshot.table(named: "a") == nil)
        try snapshot.put(Sample.table(id: 2, name: "A"))
        #expect(snapshot.table(named: "a")?.id == 2)
    }

    @Test func idsOfRemovedEntriesAreNotHandedOutAgain() throws {
        var snapshot = CatalogSnapshot(shardCount: 64)
        try snapshot.put(Sample.app(id: snapshot.nextAppID, name: "a"))
        try snapshot.put(Sample.category(id: snapshot.nextCategoryID, name: "c"))
        snapshot.removeApp(id: 1)
        snapshot.removeCategory(id: 1)
        #expect(snapshot.nextAppID == 2)
        #expect(snapshot.nextCategoryID == 2)
        #expect(snapshot.app(named: "a") == nil)
        #expect(snapshot.category(named: "c") == nil)
    }
}
