/// Makes a tree of a YAML text: one document, no duplicate names, aliases followed, within bounds.
struct YAMLParser: ~Copyable {
    /// A file that people write is far smaller, and one that is larger costs memory before it can be judged.
    static let largestSize = 4_000_000
    /// The depth of the tree; readers and destructors recurse.
    static let greatestDepth = 64
    /// Values in the tree with aliases counted as often as they are used, against the alias bomb.
    static let mostValues = 250_000
    /// Lines that begin with `%`; libyaml compares each with all others.
    private static let mostDirectives = 8

    private var events: YAMLEvents
    private var anchors: [String: YAMLNode] = [:]
    private var openAnchors: Set<String> = []
    private var values = 0
    private let file: String

    private init(_ source: UnsafeBufferPointer<UInt8>, file: String) {
        events = YAMLEvents(source, file: file)
        self.file = file
    }

    /// Reads a text; an empty one is a null value.
    static func parse(_ bytes: [UInt8], file: String) throws(DeclarationError) -> YAMLNode {
        guard bytes.count <= largestSize else {
            throw DeclarationError(file: file, line: 1, column: 1, message: "the file is larger than 4 MB")
        }
        var (line, directives) = (1, 0)
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") || index == 0 {
            let first = index == 0 ? index : index + 1
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard first < bytes.count, bytes[first] == UInt8(ascii: "%") else { continue }
            directives += 1
            if directives > mostDirectives {
                throw DeclarationError(file: file, line: line, column: 1, message: "too many directives")
            }
        }
        if bytes.isEmpty {
            return YAMLNode(.scalar("", plain: true), file: file, line: 1, column: 1, lastLine: 1)
        }
        return try bytes.withUnsafeBufferPointer { (source) throws(DeclarationError) in
            // A byte order mark is no text, and libyaml takes it for some when it is told the encoding.
            let mark = source.starts(with: [0xEF, 0xBB, 0xBF]) && source.count > 3 ? 3 : 0
            var parser = YAMLParser(UnsafeBufferPointer(rebasing: source[mark...]), file: file)
            return try parser.document()
        }
    }

    private mutating func document() throws(DeclarationError) -> YAMLNode {
        guard case .documentStart = try events.next().kind else {
            return YAMLNode(.scalar("", plain: true), file: file, line: 1, column: 1, lastLine: 1)
        }
        let root = try node(events.next(), depth: 0)
        _ = try events.next()
        let rest = try events.next()
        guard case .streamEnd = rest.kind else {
            throw error("a second document begins here: only one is allowed", at: rest)
        }
        return root
    }

    private mutating func node(_ event: YAMLEvents.Event, depth: Int) throws(DeclarationError) -> YAMLNode {
        if let tag = event.tag, tag != "tag:yaml.org,2002:str" && tag != "!" {
            throw error("tags such as `\(tag)` are not supported", at: event)
        }
        if case .alias = event.kind { return try aliased(event, depth: depth) }
        values += 1
        try checkBounds(depth: depth, at: event)
        if let anchor = event.anchor { openAnchors.insert(anchor) }
        let node: YAMLNode
        switch event.kind {
        case .sequence: node = try sequence(event, depth: depth + 1)
        case .mapping: node = try mapping(event, depth: depth + 1)
        case .scalar(let plain):
            let content = YAMLNode.Content.scalar(event.text, plain: plain && event.tag == nil)
            node = make(content, event, event.lastLine, event.end)
        default: throw error("expected a value", at: event)
        }
        if let anchor = event.anchor {
            openAnchors.remove(anchor)
            anchors[anchor] = node
        }
        return node
    }

    private mutating func sequence(_ start: YAMLEvents.Event, depth: Int) throws(DeclarationError) -> YAMLNode
    {
        try checkBounds(depth: depth, at: start)
        var items: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind {
                let lastLine = start.isFlow ? event.lastLine : items.last?.lastLine
                return make(.sequence(items), start, lastLine, start.isFlow ? event.end : nil)
            }
            items.append(try node(event, depth: depth))
        }
    }

    private mutating func mapping(_ start: YAMLEvents.Event, depth: Int) throws(DeclarationError) -> YAMLNode
    {
        try checkBounds(depth: depth, at: start)
        var pairs: [YAMLNode.Pair] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind {
                let lastLine = start.isFlow ? event.lastLine : pairs.last?.value.lastLine
                return make(.mapping(pairs), start, lastLine, start.isFlow ? event.end : nil)
            }
            let key = try node(event, depth: depth)
            guard case .scalar(let name, _) = key.content else {
                throw error("a key must be text", at: event)
            }
            if let line = lines.updateValue(event.line, forKey: name) {
                throw error("duplicate key `\(name)`: it is already on line \(line)", at: event)
            }
            pairs.append(YAMLNode.Pair(key: key, name: name, value: try node(events.next(), depth: depth)))
        }
    }

    private mutating func aliased(_ event: YAMLEvents.Event, depth: Int) throws(DeclarationError) -> YAMLNode
    {
        let name = event.anchor ?? ""
        if openAnchors.contains(name) {
            throw error("the alias `*\(name)` stands inside of what it names", at: event)
        }
        guard let target = anchors[name] else {
            throw error("the alias `*\(name)` names nothing above", at: event)
        }
        values += target.weight
        try checkBounds(depth: depth + target.height, at: event)
        // The place is that of the anchor, where the text to mend is; the end is here.
        return YAMLNode(
            target.content,
            file: file,
            line: target.line,
            column: target.column,
            lastLine: event.lastLine,
            isFlow: true
        )
    }

    private func make(
        _ content: YAMLNode.Content,
        _ start: YAMLEvents.Event,
        _ lastLine: Int?,
        _ end: YAMLPlace?
    ) -> YAMLNode {
        YAMLNode(
            content,
            file: file,
            line: start.line,
            column: start.column,
            lastLine: max(start.line, lastLine ?? start.line),
            end: end,
            isFlow: start.isFlow
        )
    }

    private func checkBounds(depth: Int, at event: YAMLEvents.Event) throws(DeclarationError) {
        if depth > Self.greatestDepth {
            throw error("nested deeper than \(Self.greatestDepth) levels", at: event)
        }
        if values > Self.mostValues { throw error("more than \(Self.mostValues) values", at: event) }
    }

    private func error(_ message: String, at event: YAMLEvents.Event) -> DeclarationError {
        DeclarationError(file: file, line: event.line, column: event.column, message: message)
    }
}

extension YAMLNode {
    /// Reads a YAML text of one document; `file` names it in errors.
    public static func parse(_ bytes: [UInt8], file: String) throws(DeclarationError) -> YAMLNode {
        try YAMLParser.parse(bytes, file: file)
    }
}
