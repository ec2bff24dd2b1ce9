/// Requests that wait for an answer, by an id that finds its place without hashing.
///
/// An id is a place and how often it was taken, so that an answer that comes too late finds nobody. No id is 0.
package struct PendingTable<Element> {
    private var places: [Place] = []
    private var free: [UInt32] = []

    private struct Place {
        var generation: UInt32
        var element: Element?
    }

    package private(set) var count = 0

    package init() {}

    package mutating func insert(_ element: Element) -> UInt64 {
        count += 1
        if let index = free.popLast() {
            places[Int(index)].element = element
            return id(Int(index))
        }
        places.append(Place(generation: 1, element: element))
        return id(places.count - 1)
    }

    package mutating func remove(_ id: UInt64) -> Element? {
        let index = Int(id & 0xffff_ffff)
        guard index < places.count, places[index].generation == UInt32(id >> 32),
            let element = places[index].element.take()
        else { return nil }
        // Generation 0 would make the id 0.
        places[index].generation = places[index].generation == .max ? 1 : places[index].generation + 1
        free.append(UInt32(index))
        count -= 1
        return element
    }

    package subscript(id: UInt64) -> Element? {
        get {
            let index = Int(id & 0xffff_ffff)
            guard index < places.count, places[index].generation == UInt32(id >> 32) else { return nil }
            return places[index].element
        }
        set {
            let index = Int(id & 0xffff_ffff)
            guard index < places.count, places[index].generation == UInt32(id >> 32), places[index].element != nil
            else { return }
            places[index].element = newValue
        }
    }

    /// The ids of the elements for which `condition` holds.
    package func ids(where condition: (Element) -> Bool) -> [UInt64] {
        places.indices.filter { places[$0].element.map(condition) ?? false }.map(id)
    }

    package mutating func removeAll() -> [Element] {
        ids { _ in true }.compactMap { remove($0) }
    }

    private func id(_ index: Int) -> UInt64 {
        UInt64(places[index].generation) << 32 | UInt64(index)
    }
}
