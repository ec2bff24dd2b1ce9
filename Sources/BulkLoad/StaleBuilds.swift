package import Foundation

/// Folders of builds that nobody went on with.
package enum StaleBuilds {
    package static let namePrefix = "maser-"
    private static let greatestAgeSeconds: TimeInterval = 7 * 24 * 3600

    /// Removes those below `parent` in which nothing has changed for a week and nobody is at work. What cannot be removed stays.
    package static func remove(below parent: String, now: Date = Date()) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
            let path = "\(parent)/\(name)"
            guard name.hasPrefix(namePrefix), let changed = lastChange(in: path),
                now.timeIntervalSince(changed) > greatestAgeSeconds, let lock = try? WorkFolder(path: path)
            else { continue }
            withExtendedLifetime(lock) { try? FileManager.default.removeItem(atPath: path) }
        }
    }

    /// nil where it is no folder that a build made.
    private static func lastChange(in folder: String) -> Date? {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(FolderLock.fileName)"),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return nil }
        let paths = [folder] + names.map { "\(folder)/\($0)" }
        return paths.compactMap {
            (try? FileManager.default.attributesOfItem(atPath: $0))?[.modificationDate] as? Date
        }.max()
    }
}
