package import Bytes

extension WireTableRows {
    /// Rows of many answers, as they stand in memory: messages in one arena, each from where the one before it ends.
    package struct Batch {
        package let arena: UnsafeRawBufferPointer
        package let ends: UnsafeBufferPointer<Int>
        package let isPresent: UnsafeBufferPointer<Bool>

        package init(
            arena: UnsafeRawBufferPointer, ends: UnsafeBufferPointer<Int>, isPresent: UnsafeBufferPointer<Bool>
        ) {
            self.arena = arena
            self.ends = ends
            self.isPresent = isPresent
        }

        fileprivate func range(at index: Int) -> Range<Int> {
            (index == 0 ? 0 : ends[index - 1])..<ends[index]
        }

        /// Of a row's own field, without its tag: 0 where the row is absent.
        fileprivate func length(at index: Int) -> Int {
            isPresent[index] ? delimitedLength(range(at: index).count) : 0
        }
    }

    /// Appends some of the rows as one table's in the response of a get. Its length is reckoned first, so that it is written
    /// once and nothing is moved.
    package static func append(
        _ rows: Range<Int>, of batch: Batch, tableID: UInt32, schemaRevision: UInt32, version: UInt32,
        to writer: inout ByteWriter
    ) {
        var length = fieldLength(tableID) + fieldLength(schemaRevision) + fieldLength(version)
        for index in rows {
            let row = batch.length(at: index)
            length += 1 + varintLength(UInt64(row)) + row
        }
        writer.append(count: 1 + varintLength(UInt64(length)) + length) { start in
            var end = start
            store(tag: 1, .lengthDelimited, at: &end)
            store(varint: UInt64(length), at: &end)
            store(1, tableID, at: &end)
            store(2, schemaRevision, at: &end)
            for index in rows {
                store(tag: 3, .lengthDelimited, at: &end)
                store(varint: UInt64(batch.length(at: index)), at: &end)
                guard batch.isPresent[index] else { continue }
                let range = batch.range(at: index)
                store(tag: 1, .lengthDelimited, at: &end)
                store(varint: UInt64(range.count), at: &end)
                if let base = batch.arena.baseAddress {
                    end.copyMemory(from: base + range.lowerBound, byteCount: range.count)
                }
                end += range.count
            }
            store(5, version, at: &end)
        }
    }

    private static func fieldLength(_ value: UInt32) -> Int {
        value == 0 ? 0 : 1 + varintLength(UInt64(value))
    }

    private static func store(_ number: UInt8, _ value: UInt32, at end: inout UnsafeMutableRawPointer) {
        if value == 0 { return }
        store(tag: number, .varint, at: &end)
        store(varint: UInt64(value), at: &end)
    }

    /// Of a number below 16.
    private static func store(tag number: UInt8, _ type: WireType, at end: inout UnsafeMutableRawPointer) {
        end.storeBytes(of: number << 3 | type.rawValue, as: UInt8.self)
        end += 1
    }

    private static func store(varint value: UInt64, at end: inout UnsafeMutableRawPointer) {
        var rest = value
        while rest >= 0x80 {
            end.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
            end += 1
            rest >>= 7
        }
        end.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
        end += 1
    }
}
