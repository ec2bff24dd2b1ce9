internal import ArgumentParser
internal import BulkLoad
internal import Catalog
internal import Foundation

/// Where a category goes on that feeds a loaded table.
struct CutOptions: ParsableArguments {
    @Option(
        name: .customLong("cut"),
        help:
            "A file that `maser cut` printed: the batch holds the category's records before it, the replay those from it on."
    )
    var cutFile: String?

    @Option(
        help: ArgumentHelp(
            "The batch counts rows with an event time before this, and later ones are left out; the replay takes records with an event time from it on.",
            valueName: "time"))
    var before: Moment?

    @Option(help: "earliest: the batch holds nothing of what the category still has, and all of that is replayed.")
    var from: CutStart?

    @Flag(help: "The batch stands in the place of every record that is there when it is adopted; nothing is replayed.")
    var replace = false

    func validate() throws {
        if count > 1 {
            throw ValidationError(
                "--cut, --before, --from and --replace say each where the category goes on: give one of them")
        }
    }

    var isGiven: Bool { count > 0 }

    private var count: Int {
        [cutFile != nil, before != nil, from != nil, replace].count { $0 }
    }

    /// Held against the table's category, so that nobody builds for an hour what is refused then; nil where none is given.
    func cut(for descriptor: LoadDescriptor) throws -> Cut? {
        let table = descriptor.table.name
        guard let category = descriptor.category else {
            if isGiven {
                throw CommandError(
                    "no category feeds table \(table): a load is all that it has, and needs no --cut, --before, --from or --replace"
                )
            }
            return nil
        }
        if let cutFile {
            let file = try CutFile(decoding: readCut(cutFile))
            guard file.categoryID == category.id else {
                throw CommandError("the cut is of category \(file.category), and \(category.name) feeds table \(table)")
            }
            return file.cut
        }
        if let before {
            guard descriptor.input?.eventTimeColumn != nil else {
                throw CommandError(
                    "--before needs an event time, and the input table of \(table) names none (TIME column); "
                        + "cut by positions: maser cut \(category.name)")
            }
            return .eventTime(before.microseconds)
        }
        if from != nil { return .earliest }
        if replace { return .replace }
        throw CommandError(
            "category \(category.name) feeds table \(table) as well, so say where it goes on after the batch: "
                + "--cut FILE at a place that `maser cut \(category.name)` printed, --before TIME at an event time, "
                + "--from earliest counts all that it has on top of the batch, "
                + "--replace nothing of what it has until now")
    }

    private func readCut(_ path: String) throws -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw CommandError("cannot read \(path): \(systemReason(error))")
        }
    }
}

enum CutStart: String, ExpressibleByArgument, CaseIterable {
    case earliest
}
