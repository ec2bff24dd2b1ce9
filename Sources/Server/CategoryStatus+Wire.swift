internal import Catalog
internal import Categories
internal import RPC

extension Engine {
    /// What a category takes, how it was made to behave, and who reads it.
    func status(of category: CategoryEntry, in catalog: CatalogSnapshot) -> WireCategoryStatus {
        var status = WireCategoryStatus()
        status.name = category.name
        status.bytes = Int64(categories.byteCount(category: category.id))
        status.acknowledgement = category.acknowledgement.rawValue
        status.compression = category.compression.rawValue
        status.retainedMicroseconds = category.retention?.microseconds ?? 0
        status.retainedBytes = category.retention?.bytes ?? 0
        status.quotaBytesPerSecond = category.quotaBytesPerSecond ?? 0
        let figures = categories.figures(category: category.id)
        status.recordsPerSecond = figures.recordsPerSecond
        status.bytesPerSecond = figures.bytesPerSecond
        status.refusedAppends = figures.refusedAppends
        status.duplicateAppends = figures.duplicateAppends
        let readers = (try? apps.progress.readers(of: category, in: catalog, now: Clock.now)) ?? []
        status.readers = readers.map { reader in
            var wire = WireReaderStatus()
            wire.name = reader.app
            wire.positions = reader.positions
            wire.lagRecords = reader.lagRecords
            wire.lagMilliseconds = reader.lagMicroseconds / 1000
            return wire
        }
        return status
    }
}
