import Testing

@testable import RPC

@Suite struct OperationTests {
    @Test func `numbers are distinct and frozen`() {
        let numbers = Operation.allCases.map(\.rawValue)
        #expect(numbers == [1, 2, 3, 4, 16, 17, 18, 19, 20, 32, 33, 48, 49, 50, 51, 64, 65, 66, 67])
    }
}
