internal import Bytes
internal import RocksDB

// Producers have rows of their own, written together with their records, so that both outlive a crash or neither.

extension LogDatabase {
    /// Those in the store.
    func readProducers() throws(CategoriesError) -> [ProducerKey: ProducerState] {
        var states: [ProducerKey: ProducerState] = [:]
        do throws(RocksDBError) {
            let rows = try database.iterator(in: producerFamily, fillsCache: false)
            try rows.seekToFirst()
            while rows.isValid {
                do throws(BytesError) {
                    states[try ProducerKey(decoding: rows.key)] = try ProducerState(decoding: rows.value)
                } catch {
                    throw RocksDBError(.corruption, error.message)
                }
                try rows.next()
            }
        } catch {
            throw CategoriesError(storage: error, "reading the producers")
        }
        return states
    }

    /// Those of the categories that there are; the others' go.
    func readProducers(ofCategories wanted: Set<UInt32>) throws(CategoriesError) -> [ProducerKey: ProducerState] {
        let found = try readProducers()
        do {
            try write(without: found.keys.filter { !wanted.contains($0.category) }, with: [:])
        } catch {
            throw CategoriesError(storage: error, "forgetting the producers of deleted categories")
        }
        return found.filter { wanted.contains($0.key.category) }
    }

    /// Makes the rows say what is known, where a failed write left others.
    func restoreProducers(
        _ known: [ProducerKey: ProducerState], in batch: inout WriteBatch
    ) throws(CategoriesError) {
        let found = try readProducers()
        for key in found.keys where known[key] == nil { batch.delete(key.bytes, in: producerFamily) }
        for (key, state) in known where found[key] != state { batch.put(key.bytes, state.encode(), in: producerFamily) }
    }

    /// Takes out what the log no longer remembers. Where it comes back after a crash, it is forgotten again.
    func write(
        without gone: [ProducerKey], with kept: [ProducerKey: ProducerState]
    ) throws(RocksDBError) {
        var batch = WriteBatch()
        for key in gone { batch.delete(key.bytes, in: producerFamily) }
        for (key, state) in kept { batch.put(key.bytes, state.encode(), in: producerFamily) }
        if batch.count > 0 { try database.write(batch, sync: false) }
    }

    func removeProducers(ofCategory category: UInt32) throws(RocksDBError) {
        var batch = WriteBatch()
        batch.deleteRange(
            from: ProducerKey(category: category, id: []).bytes,
            to: ProducerKey(
                category: category, id: [UInt8](repeating: 255, count: ProducerSequence.greatestIDBytes + 1)
            ).bytes,
            in: producerFamily)
        try database.write(batch, sync: false)
    }
}
