import Bytes
import Foundation
import Monoids
import Testing

/// Protocols/vectors/states.json, which was computed with Python's fractions and checked with math.fsum.
@Suite struct StateVectorTests {
    private struct Vectors: Decodable {
        struct Value: Decodable {
            var bool: Bool?
            var int64: String?
            var double: String?
            var bytes: String?

            var scalar: Scalar? {
                if let bool { return .int64(bool ? 1 : 0) }
                if let int64 = int64.flatMap({ Int64($0) }) { return .int64(int64) }
                if let bits = double.flatMap({ UInt64($0, radix: 16) }) { return .double(Double(bitPattern: bits)) }
                return bytes.map { .bytes([UInt8](hex: $0)) }
            }

            var type: StateType {
                if bool != nil { return .bool }
                if int64 != nil { return .int64 }
                return double != nil ? .double : .bytes
            }
        }

        struct Row: Decodable {
            var x: Value?
            var y: Value?
            var time: Value?
        }

        struct State: Decodable {
            var monoid: MonoidKind
            var note: String
            var rows: [Row]
            var state: String?
        }

        struct Combination: Decodable {
            var monoid: MonoidKind
            var note: String
            var a: String
            var b: String
            var combined: String
        }

        struct Presentation: Decodable {
            var function: AggregateFunction
            var note: String
            var states: [String?]
            var value: Value?
        }

        struct Refused: Decodable {
            var monoid: MonoidKind
            var note: String
            var state: String
        }

        var states: [State]
        var combinations: [Combination]
        var presentations: [Presentation]
        var refused: [Refused]
    }

    private let vectors: Vectors

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try Data(contentsOf: root.appending(path: "Protocols/vectors/states.json"))
        vectors = try JSONDecoder().decode(Vectors.self, from: data)
    }

    @Test func rowsAccumulateToTheStatesOfTheVectors() {
        for vector in vectors.states {
            let types = TestTypes(
                x: vector.rows.lazy.compactMap(\.x?.type).first ?? vector.monoid.sampleTypes[0].x,
                y: vector.rows.lazy.compactMap(\.y?.type).first ?? .int64)
            let rows = vector.rows.map { row in
                var time: Int64 = 0
                if case .int64(let value) = row.time?.scalar { time = value }
                return TestRow(x: row.x?.scalar, y: row.y?.scalar, time: time)
            }
            let state = accumulate(vector.monoid, types, rows, slots: rows.map { _ in 0 }, slotCount: 1)[0]
            #expect(state?.bytes.hex == vector.state, "\(vector.monoid): \(vector.note)")
        }
    }

    @Test func statesCombineAsTheVectorsSay() {
        for vector in vectors.combinations {
            let combined = vector.monoid.combine(
                EncodedState([UInt8](hex: vector.a)), EncodedState([UInt8](hex: vector.b)))
            #expect(combined?.bytes.hex == vector.combined, "\(vector.monoid): \(vector.note)")
        }
    }

    @Test func statesPresentAsTheVectorsSayToTheBit() throws {
        for vector in vectors.presentations {
            let value = try vector.function.present(vector.states.map { $0.map { EncodedState([UInt8](hex: $0)) } })
            let expected = vector.value?.scalar
            #expect(bits(value) == bits(expected), "\(vector.function): \(vector.note)")
        }
    }

    @Test func whatIsNoStateIsRefused() {
        for vector in vectors.refused {
            let state = EncodedState([UInt8](hex: vector.state))
            #expect(!vector.monoid.validates(state), "\(vector.monoid): \(vector.note)")
            #expect(vector.monoid.combine(state, state) == nil, "\(vector.monoid): \(vector.note)")
        }
    }

    /// NaN equals itself here, and the zeros differ.
    private func bits(_ scalar: Scalar?) -> String {
        if case .double(let value) = scalar { return String(value.bitPattern, radix: 16) }
        return String(describing: scalar)
    }
}
