internal import Records

/// Columns of text, as wide as what stands in them, numbers to the right.
struct TextTable {
    struct Heading {
        var name: String
        var isNumber = false
    }

    private let headings: [Heading]
    private var rows: [[String]] = []
    private var widths: [Int]
    private var hasPrintedHeadings = false

    init(_ headings: [Heading]) {
        self.headings = headings
        widths = headings.map(\.name.count)
    }

    init(_ columns: [(name: String, type: ValueType)]) {
        self.init(
            columns.map { name, type in
                Heading(name: name, isNumber: type == .int64 || type == .double)
            })
    }

    mutating func append(_ row: [String]) {
        precondition(row.count == headings.count)
        rows.append(row)
        for (index, text) in row.enumerated() { widths[index] = max(widths[index], text.count) }
    }

    var rowCount: Int { rows.count }

    /// Prints what has gathered; called again for the next page of a long answer, whose columns never narrow.
    mutating func print(to output: Output = .standard) {
        if !hasPrintedHeadings {
            output.line(line(headings.map(\.name)))
            hasPrintedHeadings = true
        }
        for row in rows { output.line(line(row)) }
        rows.removeAll(keepingCapacity: true)
    }

    private func line(_ cells: [String]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - cell.count)
            text += headings[index].isNumber ? padding + cell : cell + padding
            if index < cells.count - 1 { text += "  " }
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// One thing, a line for each of its sides.
func printSheet(_ lines: [(name: String, text: String)], to output: Output = .standard) {
    let width = lines.map(\.name.count).max() ?? 0
    for (name, text) in lines {
        output.line(name + String(repeating: " ", count: width - name.count) + "  " + text)
    }
}
