internal import Catalog
internal import RPC

// What the catalog keeps of a load, as the wire says it.

extension WireVersionDescriptor {
    mutating func take(_ load: LoadRecord) {
        if let cut = load.cut { self.cut = WireCut(cut) }
        checks = load.checks.map(WireVersionCheck.init)
        forced = load.isForced
        manifest = load.manifest
    }
}

extension WireCut {
    fileprivate init(_ cut: Cut) {
        self.init()
        switch cut {
        case .positions(let category, let offsets):
            var positions = WireCutPositions()
            positions.categoryID = category
            positions.offsets = offsets
            self.positions = positions
        case .eventTime(let time): eventTime = time
        case .earliest: earliest = WireEmpty()
        case .replace: replace = WireEmpty()
        }
    }
}

extension WireVersionCheck {
    init(_ check: VersionCheck) {
        self.init()
        switch check.subject {
        case .rows: subject = "rows"
        case .bytes: subject = "bytes"
        case .nulls(let column): (subject, self.column) = ("nulls", column)
        }
        former = check.former
        found = check.found
        limit = check.limit
        passed = check.isPassed
    }
}

extension WireLoadLimits {
    init(_ limits: LoadLimits) {
        self.init()
        leastRows = limits.leastRows
        leastBytes = limits.leastBytes
        nullRise = limits.nullRise
    }
}
