internal import Foundation

/// What of a build is done, as its journal says and its files still are.
struct BuildState: Sendable {
    var sources: [Int: LoadManifest.Source] = [:]
    var runs: [RunRecord] = []
    var ranges: [ShardRange]?
    var finished: [Int: RangeRecord] = [:]

    /// What is named and not there as it was written counts as not done.
    init(_ journal: BuildJournal) {
        for line in journal.found {
            switch line {
            case .build: break
            case .source(let number, let source): sources[number] = source
            case .run(let run):
                runs.removeAll { run.replaces.contains($0.name) }
                runs.append(run)
            case .ranges(let ranges): self.ranges = ranges
            case .range(let range): finished[range.number] = range
            }
        }
        let folder = journal.folder
        runs.removeAll { SourceFile(path: "\(folder)/\($0.name)").bytes != $0.bytes }
        finished = finished.filter { _, range in
            range.files.allSatisfy { file in
                guard let found = try? ChunkedFile.measure("\(folder)/\(file.name)") else { return false }
                return found == (file.bytes, file.xxh3)
            }
        }
    }

    var covered: CoveredRows {
        var covered = CoveredRows()
        for run in runs { covered.add(run.covered) }
        return covered
    }

    /// Names of what is to stay.
    var files: Set<String> {
        Set(runs.map(\.name) + finished.values.flatMap { $0.files.map(\.name) })
    }
}
