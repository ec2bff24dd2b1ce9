/// What a check found wrong, as one line that says where.
typealias Complaint = String

/// No room imports what the table does not allow it.
func checkImports(_ tree: SourceTree, _ table: RoomTable) -> [Complaint] {
    tree.swiftFiles(in: "Sources").flatMap { file -> [Complaint] in
        let allowed = table.allowed[file.room] ?? []
        return file.imports.filter { table.names.contains($0.module) || tree.rooms.contains($0.module) }
            .filter { $0.module != file.room && !allowed.contains($0.module) }
            .map { "\(file.path):\($0.line): \(file.room) may not import \($0.module)" }
    }
}

/// A C module is imported by the room that wraps it, and holds no Swift.
func checkWrappers(_ tree: SourceTree, _ table: RoomTable) -> [Complaint] {
    tree.swiftFiles(in: "Sources").flatMap { file -> [Complaint] in
        if table.wrappers[file.room] != nil { return ["\(file.path): Swift in the C module \(file.room)"] }
        return file.imports.compactMap { module, line in
            guard let wrapper = table.wrappers[module], wrapper != file.room else { return nil }
            return "\(file.path):\(line): only \(wrapper) imports \(module)"
        }
    }
}

/// Every folder of Sources is a room or a C module of the table.
func checkFolders(_ tree: SourceTree, _ table: RoomTable) -> [Complaint] {
    tree.rooms.subtracting(table.names).sorted().map { "Sources/\($0): no such room in the table" }
}

/// The arrows, as allowed and as drawn, form no circle.
func checkGraph(_ tree: SourceTree, _ table: RoomTable) -> [Complaint] {
    var arrows = table.allowed
    for file in tree.swiftFiles(in: "Sources") {
        arrows[file.room, default: []].formUnion(
            file.imports.map(\.module).filter { $0 != file.room && tree.rooms.contains($0) })
    }
    // Rooms whose imports are all gone go next; a circle is what never goes.
    var left = arrows.mapValues { $0.filter { arrows[$0] != nil } }
    while true {
        let free = Set(left.filter { $0.value.isEmpty }.keys)
        if free.isEmpty { break }
        left = left.filter { !free.contains($0.key) }.mapValues { $0.subtracting(free) }
    }
    return left.isEmpty ? [] : ["rooms that import each other in a circle: \(left.keys.sorted())"]
}

/// What opts out of the compiler's checks for data races says on the next line what makes it safe.
func checkReasons(_ tree: SourceTree) -> [Complaint] {
    let optOuts = ["@unchecked Sendable", "nonisolated(unsafe)"]
    // The check reads this file too, so even that line is followed by one that explains it.
    return tree.swiftFiles(in: "Sources", "Tests").filter { !$0.isGenerated }.flatMap { file -> [Complaint] in
        file.lines.indices.filter { index in
            let line = file.lines[index].drop { $0 == " " }
            guard !line.hasPrefix("//"), optOuts.contains(where: { line.contains($0) }) else { return false }
            let next = index + 1 < file.lines.count ? file.lines[index + 1].drop { $0 == " " } : ""
            return !next.hasPrefix("//")
        }.map { "\(file.path):\($0 + 1): the next line does not say what makes it safe" }
    }
}

/// A file past 400 lines holds more than one concept.
func checkLengths(_ tree: SourceTree, limit: Int = 400) -> [Complaint] {
    tree.swiftFiles(in: "Sources", "Tests")
        .filter { !$0.isGenerated && $0.lines.count > limit }
        .map { "\($0.path): \($0.lines.count) lines, \(limit) at most" }
}

/// `Package.resolved` is SwiftPM's own and ignored by git.
func checkTopLevel(_ tree: SourceTree) -> [Complaint] {
    let allowed: Set = ["Package.swift", "Package.resolved", "Sources", "Tests", "Protocols", "tools", "README.md"]
    return tree.topLevel.filter { !$0.hasPrefix(".") && !allowed.contains($0) }
        .map { "\($0): does not belong at the top" }
}
