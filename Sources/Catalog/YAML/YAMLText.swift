/// The lines of a text, of which some are changed.
struct YAMLText {
    /// The lines with their endings.
    private var lines: [[UInt8]] = []
    private let mark: [UInt8]
    private let ending: [UInt8]
    /// Whether what is added goes behind a comment that shows an example of it.
    var findsExamples = true

    init(_ bytes: [UInt8]) {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        mark = Array(bytes[..<start])
        var line: [UInt8] = []
        for byte in bytes[start...] {
            line.append(byte)
            if byte == UInt8(ascii: "\n") {
                lines.append(line)
                line = []
            }
        }
        if !line.isEmpty { lines.append(line) }
        ending = lines.first?.suffix(2) == [13, 10] ? [13, 10] : [10]
    }

    var bytes: [UInt8] { mark + lines.joined() }

    /// How far a level of this text is indented.
    var step: Int {
        for line in lines {
            let spaces = line.prefix { $0 == UInt8(ascii: " ") }.count
            guard spaces > 0, spaces < line.count else { continue }
            if ![UInt8(ascii: "#"), UInt8(ascii: "-"), 10, 13].contains(line[spaces]) { return spaces }
        }
        return 2
    }

    // MARK: Lines

    /// Takes lines away; empty ones at their end stay, since they set what follows apart.
    mutating func removeLines(_ numbers: ClosedRange<Int>) {
        let first = max(0, numbers.lowerBound - 1)
        var end = min(lines.count, numbers.upperBound)
        // Where lines end otherwise than here, the number is of another line, and what is made of it is refused.
        guard first < end else { return }
        while end > first + 1, lines[end - 1].allSatisfy({ [9, 10, 13, 32].contains($0) }) { end -= 1 }
        lines.removeSubrange(first..<end)
    }

    /// Puts lines after the line of a number that counts from 1.
    mutating func insert(_ added: [String], after number: Int) {
        let index = min(max(0, number), lines.count)
        if index == lines.count, let last = lines.last, last.last != 10 { lines[index - 1] += ending }
        lines.insert(contentsOf: added.map { Array($0.utf8) + ending }, at: index)
    }

    /// The line that has a name in a comment, among those around a line that are indented as far or farther.
    func example(of name: String, indent: Int, near number: Int) -> Int? {
        guard findsExamples else { return nil }
        let start = [UInt8](repeating: UInt8(ascii: " "), count: indent)
        let wanted = start + Array("# \(name):".utf8)
        var first = number - 1
        while first > 0, lines.indices.contains(first),
            lines[first - 1].starts(with: start + [UInt8(ascii: "#")])
        {
            first -= 1
        }
        for index in first..<max(first, lines.count) {
            let line = lines[index]
            if line.starts(with: wanted) { return index + 1 }
            let isBlank = line.allSatisfy { [9, 10, 13, 32].contains($0) }
            guard isBlank || line.starts(with: start) else { return nil }
        }
        return nil
    }

    mutating func append(_ added: [String]) { insert(added, after: lines.count) }

    // MARK: Characters

    /// The place of a character in its line's bytes.
    private func offset(_ line: Int, _ column: Int) -> Int? {
        guard lines.indices.contains(line - 1) else { return nil }
        var (left, index) = (column - 1, 0)
        let bytes = lines[line - 1]
        while left > 0, index < bytes.count {
            index += 1
            // Bytes that continue a character do not count.
            while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
            left -= 1
        }
        return left == 0 ? index : nil
    }

    func character(_ line: Int, _ column: Int) -> Character? {
        guard let index = offset(line, column), index < lines[line - 1].count else { return nil }
        return Character(Unicode.Scalar(lines[line - 1][index]))
    }

    mutating func replace(_ line: Int, _ column: Int, _ end: YAMLPlace, with text: String) {
        guard line == end.line, let first = offset(line, column), let last = offset(line, end.column),
            first <= last
        else { return }
        lines[line - 1].replaceSubrange(first..<last, with: Array(text.utf8))
    }

    mutating func insert(_ text: String, at place: YAMLPlace) {
        guard let index = offset(place.line, place.column) else { return }
        lines[place.line - 1].insert(contentsOf: Array(text.utf8), at: index)
    }

    /// Puts a value after the colon of a key that has none, or a word for none; a comment behind it stays.
    mutating func replaceNull(_ pair: YAMLPair, with text: String) {
        guard let end = pair.key.end, var index = offset(end.line, end.column) else { return }
        var line = lines[end.line - 1]
        guard let colon = line[index...].firstIndex(of: UInt8(ascii: ":")) else { return }
        index = colon + 1
        if case .scalar(let word, _) = pair.value.content, !word.isEmpty, pair.value.line == end.line,
            let first = offset(pair.value.line, pair.value.column), first >= index
        {
            line.removeSubrange(index..<min(line.count, first + word.utf8.count))
        }
        line.insert(contentsOf: text.isEmpty ? [] : Array(" \(text)".utf8), at: index)
        lines[end.line - 1] = line
    }

    /// The start of the line of an item, if that is a dash with spaces alone.
    func dash(before item: YAMLNode) -> String? {
        guard let index = offset(item.line, item.column) else { return nil }
        let start = lines[item.line - 1][..<index]
        guard start.contains(UInt8(ascii: "-")),
            start.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") })
        else { return nil }
        return String(decoding: start, as: UTF8.self)
    }

    /// Takes an entry out of brackets or braces, and one comma with it.
    mutating func removeEntry(from first: YAMLNode, to last: YAMLNode) throws(DeclarationError) {
        guard let end = last.end, first.line == end.line, var start = offset(first.line, first.column),
            var stop = offset(end.line, end.column)
        else { throw first.error("this is written in a way that only a person can edit") }
        let line = lines[first.line - 1]
        func skipSpaces() { while stop < line.count, line[stop] == UInt8(ascii: " ") { stop += 1 } }
        skipSpaces()
        if stop < line.count, line[stop] == UInt8(ascii: ",") {
            stop += 1
            skipSpaces()
        } else {
            stop = offset(end.line, end.column) ?? stop
            while start > 0, line[start - 1] == UInt8(ascii: " ") { start -= 1 }
            if start > 0, line[start - 1] == UInt8(ascii: ",") { start -= 1 }
        }
        lines[first.line - 1].removeSubrange(start..<stop)
    }
}

typealias YAMLPair = YAMLNode.Pair

/// What a text means, without where it was written: what an edit is judged by.
struct YAMLTree: Equatable {
    private enum Content: Equatable {
        case nothing
        case scalar(String)
        case sequence([YAMLTree])
        case mapping([String: YAMLTree])
    }
    private let content: Content

    init(_ node: YAMLNode) {
        content =
            switch node.content {
            case .scalar where node.isNull: .nothing
            case .scalar(let text, _): .scalar(text)
            case .sequence(let items): .sequence(items.map(YAMLTree.init))
            case .mapping(let pairs):
                .mapping(Dictionary(pairs.map { ($0.name, YAMLTree($0.value)) }) { first, _ in first })
            }
    }

    private init(_ content: Content) { self.content = content }

    init(_ block: YAMLBlock) {
        switch block {
        case .text(let text), .literal(let text): content = .scalar(text)
        case .sequence(let items), .items(let items): content = .sequence(items.map(YAMLTree.init))
        case .mapping(let pairs):
            content = .mapping(Dictionary(pairs.map { ($0.name, YAMLTree($0.value)) }) { first, _ in first })
        }
    }

    /// The tree with one value changed.
    func changed(_ change: YAMLEdit.Change, at path: ArraySlice<String>) -> YAMLTree? {
        guard let step = path.first else {
            switch (change, content) {
            case (.set(let block), _): return YAMLTree(block)
            case (.append(let item), .sequence(let items)):
                return YAMLTree(.sequence(items + [YAMLTree(item)]))
            case (.append(let item), .nothing): return YAMLTree(.sequence([YAMLTree(item)]))
            case (.append, _), (.remove, _): return nil
            }
        }
        let isRemoved = if case .remove = change { path.count == 1 } else { false }
        if let index = Int(step), case .sequence(var items) = content {
            guard items.indices.contains(index) else { return nil }
            if isRemoved {
                items.remove(at: index)
            } else if let item = items[index].changed(change, at: path.dropFirst()) {
                items[index] = item
            }
            // A list in lines that loses its last item leaves nothing.
            return YAMLTree(items.isEmpty ? .nothing : .sequence(items))
        }
        var fields: [String: YAMLTree]
        switch content {
        case .mapping(let known): fields = known
        case .nothing: fields = [:]
        default: return nil
        }
        let isGoing = if case .remove = change { true } else { false }
        if isGoing, fields[step] == nil { return self }
        if isRemoved {
            fields[step] = nil
        } else if let value = (fields[step] ?? YAMLTree(.nothing)).changed(change, at: path.dropFirst()) {
            fields[step] = value
        } else {
            return nil
        }
        return YAMLTree(fields.isEmpty ? .nothing : .mapping(fields))
    }

    static func == (left: YAMLTree, right: YAMLTree) -> Bool { left.canonical == right.canonical }

    /// Empty collections and nothing are alike: an edit may leave either.
    private var canonical: Content {
        switch content {
        case .sequence(let items) where items.isEmpty: .nothing
        case .mapping(let fields) where fields.isEmpty: .nothing
        default: content
        }
    }
}
