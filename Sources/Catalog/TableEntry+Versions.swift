// Which version serves, which did before, and which of them go. Versions serve one after the other, so that they are as old as
// when they last began to: a number says only when a version was made, and after a rollback the lowest may serve.

extension TableEntry {
    /// The version that is being built beside the others.
    package var buildingVersion: VersionEntry? { versions.first { $0.isBuilding } }

    /// Lets a version serve from now on.
    package mutating func serve(_ number: UInt32) {
        guard number != servingVersion, let next = versions.firstIndex(where: { $0.number == number }) else { return }
        var serial = versions.compactMap(\.servedSerial).max() ?? 0
        // Entries of former Masers say nothing of when it began.
        if let former = versions.firstIndex(where: { $0.number == servingVersion }),
            versions[former].servedSerial == nil
        {
            serial += 1
            versions[former].servedSerial = serial
        }
        versions[next].servedSerial = serial + 1
        versions[next].isRolledBack = nil
        servingVersion = number
    }

    /// Goes back to a version: those that served since are no versions to go back to from there.
    package mutating func rollBack(to number: UInt32) {
        if let target = versions.first(where: { $0.number == number }), target.hasServed, target.isRolledBack != true {
            for index in versions.indices where versions[index].hasServed && target.age < versions[index].age {
                versions[index].isRolledBack = true
            }
        }
        serve(number)
    }

    /// The version that served last before the present one, those left out that a rollback went back from; nil where none is there.
    package var formerVersion: VersionEntry? {
        guard let serving = versions.first(where: { $0.number == servingVersion }) else { return nil }
        return versions.filter { $0.hasServed && $0.isRolledBack != true && $0.age < serving.age }
            .max { $0.age < $1.age }
    }

    /// The versions beyond so many, of those that have served: those that did least recently. One that serves and one that is being
    /// built are left alone. Versions that wait for a person are not counted, lest they push out good ones: only the newest stays.
    package func surplusVersions(keeping count: Int) -> Set<UInt32> {
        let others = versions.filter { $0.number != servingVersion }
        let former = others.filter(\.hasServed).sorted { $0.age < $1.age }
        let held = others.filter(\.isHeld).map(\.number).sorted()
        return Set(former.dropLast(max(1, count) - 1).map(\.number)).union(held.dropLast())
    }
}

extension VersionEntry {
    /// A version serves when it is whole, unless its checks hold it.
    fileprivate var hasServed: Bool { !isBuilding && !isHeld }

    /// Orders versions by when they last began to serve; where that is not known, by when they were made.
    fileprivate var age: (Int64, UInt32) { (servedSerial ?? 0, number) }
}
