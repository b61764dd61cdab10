/// Rows under an upper-case header, without borders.
public struct Table: Sendable {
    /// A column.
    public struct Column: Sendable {
        let title: String
        let alignment: Alignment
        let isFlexible: Bool
        let least: Int
        let wraps: Bool
        let weight: Weight

        /// Describes a column; a flexible one gives up width where the table is too wide.
        ///
        /// What is worth more than a column beside it keeps as much as `least` until those that may be left out are. The
        /// last column of a table may wrap instead: nothing of what it says is lost then.
        public init(
            _ title: String,
            _ alignment: Alignment = .leading,
            isFlexible: Bool = false,
            least: Int = 8,
            wraps: Bool = false,
            weight: Weight = .normal
        ) {
            self.title = sanitized(title.uppercased())
            self.alignment = alignment
            self.isFlexible = isFlexible || wraps
            self.least = least
            self.wraps = wraps
            self.weight = weight
        }
    }

    /// How much a column matters where not all have room.
    public enum Weight: Int, Sendable, CaseIterable {
        /// Left out first, from the right.
        case low
        /// Left out when all of low weight are, from the right.
        case normal
        /// Never left out.
        case high
    }

    /// The side on which a column's cells begin.
    public enum Alignment: Sendable {
        /// For words.
        case leading
        /// For numbers.
        case trailing
    }

    /// What stands in a row under a column.
    public struct Cell: Sendable, ExpressibleByStringInterpolation {
        let text: String
        let tone: Style.Tone?

        /// Shows text, marked where the output can show it.
        public init(_ text: String, _ tone: Style.Tone? = nil) {
            self.text = sanitized(text)
            self.tone = tone
        }

        /// Shows text written in place.
        public init(stringLiteral value: String) { self.init(value) }
    }

    /// The least that a flexible column keeps, whatever it would like to.
    private static let least = 8
    /// A sentence in less is no pleasure to read: it goes below its row.
    private static let leastWrapped = 24
    private let columns: [Column]
    private var rows: [[Cell]] = []

    /// Starts without rows.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; cells that are missing are empty, and cells without a column are left out.
    public mutating func add(_ cells: [Cell]) {
        let missing = Array(repeating: Cell(""), count: max(0, columns.count - cells.count))
        rows.append(Array(cells.prefix(columns.count)) + missing)
    }

    /// The table as it fits on an output: on a terminal its width, elsewhere all that the cells say.
    public func rendered(for terminal: Terminal) -> String {
        rendered(width: terminal.isTerminal ? terminal.width : nil, style: terminal.style)
    }

    /// The table in at most `width` columns, each line ended; `nil` is no limit.
    public func rendered(width: Int?, style: Style = .plain) -> String {
        let header = columns.map { Cell($0.title, .bold) }
        let natural = columns.indices.map { column in
            ([header] + rows).map { Console.columns(of: $0[column].text) }.max() ?? 0
        }
        let kept = kept(natural, within: width)
        let widths = widths(of: kept, natural, within: width)
        return ([header] + rows).flatMap { lines($0, kept, widths, width, style) }.map { $0 + "\n" }.joined()
    }

    /// The lines of a row: one, but where its last cell wraps.
    private func lines(_ cells: [Cell], _ kept: [Int], _ widths: [Int], _ limit: Int?, _ style: Style)
        -> [String]
    {
        guard let limit, let last = kept.last, columns[last].wraps,
            Console.columns(of: cells[last].text) > widths[last]
        else { return [line(cells, kept, widths, limit ?? .max, style)] }
        let indent = kept.dropLast().reduce(0) { $0 + widths[$1] + 2 }
        let isBeside = limit - indent >= Self.leastWrapped
        let pieces = wrapped(cells[last].text, to: max(1, isBeside ? limit - indent : limit - 2))
        var first = cells
        first[last] = Cell(isBeside ? pieces[0] : "", cells[last].tone)
        let margin = String(repeating: " ", count: isBeside ? indent : min(2, limit - 1))
        return [line(first, kept, widths, limit, style)]
            + pieces.dropFirst(isBeside ? 1 : 0).map { margin + style($0, cells[last].tone) }
    }

    /// The columns that there is room for, if the flexible ones give way.
    private func kept(_ natural: [Int], within limit: Int?) -> [Int] {
        var kept = Array(columns.indices)
        guard let limit else { return kept }
        func isTooWide() -> Bool {
            let least = kept.map {
                columns[$0].isFlexible ? min(columns[$0].least, natural[$0]) : natural[$0]
            }
            return least.reduce(2 * (kept.count - 1), +) > limit
        }
        for weight in [Weight.low, .normal] {
            for column in columns.indices.reversed()
            where kept.count > 1 && columns[column].weight == weight && isTooWide() {
                kept.removeAll { $0 == column }
            }
        }
        return kept
    }

    private func widths(of kept: [Int], _ natural: [Int], within limit: Int?) -> [Int] {
        var widths = natural
        guard let limit else { return widths }
        var excess = kept.reduce(2 * (kept.count - 1)) { $0 + widths[$1] } - limit
        while excess > 0 {
            let candidates = kept.filter { columns[$0].isFlexible && widths[$0] > Self.least }
            // Nobody gives up what it would like to keep while another has more than that.
            let rich = candidates.filter { widths[$0] > columns[$0].least }
            guard let widest = (rich.isEmpty ? candidates : rich).max(by: { widths[$0] < widths[$1] }) else {
                break
            }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    /// A line never wraps: what is still too wide is cut at its end.
    private func line(_ cells: [Cell], _ kept: [Int], _ widths: [Int], _ limit: Int, _ style: Style)
        -> String
    {
        var line = ""
        var used = 0
        // Space is written only in front of something, so that no line ends in it.
        var owed = 0
        for index in kept {
            let cell = cells[index]
            let left = limit - used - owed
            guard left > 0 else { break }
            let text = truncated(cell.text, to: min(widths[index], left))
            let slack = max(0, min(widths[index], left) - Console.columns(of: text))
            let isTrailing = columns[index].alignment == .trailing
            if isTrailing { owed += slack }
            if !text.isEmpty {
                line += String(repeating: " ", count: owed) + style(text, cell.tone)
                used += owed + Console.columns(of: text)
                owed = 0
            }
            owed += (isTrailing ? 0 : slack) + 2
        }
        return line
    }
}
