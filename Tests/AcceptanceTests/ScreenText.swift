/// What a terminal shows after it was sent some bytes: enough of one for lines that are drawn again.
struct ScreenText {
    /// The rows from the top, without the spaces at their ends.
    private(set) var rows: [String] = []
    /// Every letter that was shown at any time.
    private(set) var everything = ""

    /// Shows bytes on a terminal of that width.
    init(_ text: String, columns: Int) {
        var cells: [[Character]] = [[]]
        var (row, column) = (0, 0)
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\r\n": (row, column) = (row + 1, 0)
            case "\r": column = 0
            case "\n": row += 1
            case "\u{1B}":
                let (final, number) = Self.takeSequence(&rest)
                switch final {
                case "A": row = max(0, row - number)
                case "K": cells[row] = Array(cells[row].prefix(column))
                case "J":
                    cells[row] = Array(cells[row].prefix(column))
                    cells.removeSubrange((row + 1)...)
                default: break
                }
            default:
                if column == columns { (row, column) = (row + 1, 0) }
                while cells.count <= row { cells.append([]) }
                while cells[row].count <= column { cells[row].append(" ") }
                cells[row][column] = character
                column += 1
                everything.append(character)
            }
            while cells.count <= row { cells.append([]) }
        }
        rows = cells.map { cells in
            String(cells.reversed().drop { $0 == " " }.reversed())
        }
        while rows.last == "" { rows.removeLast() }
    }

    /// Takes the rest of a sequence such as `[2A`; without a number it is 1.
    private static func takeSequence(_ rest: inout Substring) -> (final: Character?, number: Int) {
        guard rest.first == "[" else { return (rest.popFirst(), 1) }
        rest.removeFirst()
        let number = rest.prefix { !$0.isLetter }
        rest = rest.dropFirst(number.count)
        return (rest.popFirst(), Int(number) ?? 1)
    }
}
