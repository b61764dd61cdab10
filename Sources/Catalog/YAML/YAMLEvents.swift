import CYAML

/// A place in a text: lines and characters, both from 1.
struct YAMLPlace: Sendable, Hashable {
    let line: Int
    let column: Int
}

/// What libyaml says of a text, one event after the other.
struct YAMLEvents: ~Copyable {
    struct Event {
        enum Kind {
            case streamEnd, documentStart, documentEnd, alias, scalar(plain: Bool), sequence, mapping,
                collectionEnd
        }
        let kind: Kind
        /// The name of an alias, or the anchor of a value.
        let anchor: String?
        let tag: String?
        let text: String
        let line: Int
        let column: Int
        let lastLine: Int
        /// Where it ends: the first character that is no longer part of it.
        let end: YAMLPlace
        let isFlow: Bool
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let source: UnsafeBufferPointer<UInt8>
    private let file: String

    /// Reads `source`, which must outlive this and not be empty.
    init(_ source: UnsafeBufferPointer<UInt8>, file: String) {
        parser = .allocate(capacity: 1)
        self.source = source
        self.file = file
        guard yaml_parser_initialize(parser) == 1 else {
            preconditionFailure("out of memory for a YAML parser")
        }
        // Said, not guessed: a text of two bytes a character would pass libyaml and nothing else.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, source.baseAddress, source.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; that of the stream's start is skipped.
    mutating func next() throws(DeclarationError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        if event.type == YAML_STREAM_START_EVENT { return try next() }
        return describe(event)
    }

    private func describe(_ event: yaml_event_t) -> Event {
        var (anchor, tag, text): (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, String) = (
            nil, nil, ""
        )
        var isFlow = false
        let kind: Event.Kind
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT:
            kind = .alias
            anchor = event.data.alias.anchor
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            kind = .scalar(plain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            (anchor, tag) = (scalar.anchor, scalar.tag)
            text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                as: UTF8.self
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            kind = .sequence
            (anchor, tag, isFlow) = (start.anchor, start.tag, start.style == YAML_FLOW_SEQUENCE_STYLE)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            kind = .mapping
            (anchor, tag, isFlow) = (start.anchor, start.tag, start.style == YAML_FLOW_MAPPING_STYLE)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: kind = .collectionEnd
        default: kind = .streamEnd
        }
        let (start, end) = (event.start_mark, event.end_mark)
        return Event(
            kind: kind,
            anchor: anchor.map { String(cString: $0) },
            tag: tag.map { String(cString: $0) },
            text: text,
            line: start.line + 1,
            column: start.column + 1,
            // A block of text ends at the beginning of the line after it.
            lastLine: end.column == 0 && end.line > start.line ? end.line : end.line + 1,
            end: YAMLPlace(line: end.line + 1, column: end.column + 1),
            isFlow: isFlow
        )
    }

    private func problem() -> DeclarationError {
        let parser = parser.pointee
        var message = parser.problem.map { String(cString: $0) } ?? "not YAML"
        if parser.error == YAML_READER_ERROR {
            let (line, column) = place(ofByte: parser.problem_offset)
            return DeclarationError(file: file, line: line, column: column, message: message)
        }
        let mark = parser.problem_mark
        if isTab(atLine: mark.line, column: mark.column) {
            message = "a tab cannot indent YAML: use spaces"
        } else if let context = parser.context {
            message += " \(String(cString: context))"
        }
        return DeclarationError(file: file, line: mark.line + 1, column: mark.column + 1, message: message)
    }

    /// A byte that cannot be read has no mark in libyaml, just its distance from the start.
    private func place(ofByte offset: Int) -> (line: Int, column: Int) {
        let before = source.prefix(max(0, min(offset, source.count)))
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        // Bytes that continue a character do not count.
        return (line, before[start...].count { $0 & 0xC0 != 0x80 } + 1)
    }

    private func isTab(atLine line: Int, column: Int) -> Bool {
        var number = 0
        var index = 0
        while number < line, index < source.count {
            if source[index] == UInt8(ascii: "\n") { number += 1 }
            index += 1
        }
        // Indentation is ASCII, so that characters are bytes here.
        return index + column < source.count && source[index + column] == UInt8(ascii: "\t")
    }
}
