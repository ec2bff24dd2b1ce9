import Foundation
import Testing

@testable import BulkLoad

@Suite struct FolderLockTests {
    private static func isBusy(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch {
            return (error as? BulkLoadError)?.code == .busy
        }
    }

    @Test func noBuildBeginsInAFolderWhoseVersionIsBeingUploaded() throws {
        let fixture = try LoadFixture()
        let builder = try fixture.builder([fixture.file("x.csv", "tailnum,year,speed,model,built\nN1,1,1,a,\n")])
        _ = try builder.build()
        var found: BuiltVersion? = try BuiltVersion(foundIn: builder.folder)
        // Others may upload it too.
        #expect(throws: Never.self) { try BuiltVersion(foundIn: builder.folder) }
        #expect(Self.isBusy { _ = try builder.build() })
        #expect(found?.manifest.rows == 1)
        found = nil
        #expect(throws: Never.self) { try builder.build() }
    }

    @Test func aVersionIsNotUploadedWhileItIsBuilt() throws {
        let fixture = try LoadFixture()
        let builder = try fixture.builder([fixture.file("x.csv", "tailnum,year,speed,model,built\nN1,1,1,a,\n")])
        let built = try builder.build()
        #expect(Self.isBusy { _ = try BuiltVersion(foundIn: builder.folder) })
        withExtendedLifetime(built) {}
    }
}
