internal import RocksDB

extension TableStore {
    /// Afterwards no power loss takes back what was committed before. Checkpoints do without, for the categories still have
    /// their records; whoever lets go of records has to make sure first.
    package func sync() throws(TablesError) {
        let opened = try writable()
        do {
            try opened.database.syncWAL()
        } catch {
            throw TablesError(storage: error, "syncing the table store")
        }
    }
}
