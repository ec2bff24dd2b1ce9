import BulkLoad
import Foundation
import Records
import Testing

extension Trait where Self == ConditionTrait {
    /// Where tools/setup put Arrow it has to be there: `ArrowTests` sees to that.
    static var arrow: Self { .enabled(if: ArrowFile.isAvailable, "Maser was built without Arrow") }
}

/// A file that make.py made.
func vector(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("vectors/\(name)").path
}

/// Columns of a source file, value by value.
struct SourceRows {
    var columns: [[Value]]
    var batches = 0
    var count: Int { columns.first?.count ?? 0 }

    init(
        _ path: String, _ wanted: [(String, ValueType)], options: SourceOptions = SourceOptions(), unit: TimeUnit? = nil
    ) throws {
        var read = [[Value]](repeating: [], count: wanted.count)
        var batches = 0
        let columns = wanted.map { InputColumn(name: $0, type: $1, path: [$0], unit: unit) }
        let reader = SourceReader(source: SourceFile(path: path), columns: columns, options: options)
        let (bytes, _) = try reader.read { batch throws(BulkLoadError) in
            #expect(batch.firstRow == read[0].count)
            for (index, column) in batch.columns.enumerated() {
                #expect(column.type == wanted[index].1 && column.count == batch.count)
                read[index] += (0..<batch.count).map { column.value(at: $0) }
            }
            batches += 1
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.size] as? NSNumber)?.int64Value == bytes)
        self.columns = read
        self.batches = batches
    }
}

/// The message with which reading a file ends; nil where it does not fail.
func refusal(
    _ path: String, _ wanted: [(String, ValueType)], options: SourceOptions = SourceOptions()
) -> String? {
    do {
        _ = try SourceRows(path, wanted, options: options)
        return nil
    } catch {
        return "\(error)"
    }
}
