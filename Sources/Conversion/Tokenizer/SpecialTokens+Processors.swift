extension SpecialTokens {
    /// Reads from the steps behind a tokenizer whether tokens are put around a text.
    mutating func readProcessors(_ processor: JSONValue?) {
        if !entry("bos").isSaid, entry("cls").isSaid { change("bos", entry("cls")) }
        if !entry("eos").isSaid, entry("sep").isSaid { change("eos", entry("sep")) }
        guard let processor, processor.isTruthy else { return }
        var around = Surroundings(bos: entry("bos"), cls: entry("cls"), eos: entry("eos"), sep: entry("sep"))
        for step in processor["processors"]?.elements ?? [processor] {
            switch step["type"]?.string {
            case "ByteLevel":
                setAddedUnlessKnown("bos", false)
                setAddedUnlessKnown("eos", false)
            case "RobertaProcessing": readRoberta(step, &around)
            case "TemplateProcessing": readTemplate(step, &around)
            default: break
            }
        }
    }

    /// The tokens that may stand around a text, as far as they are known.
    private struct Surroundings {
        var bos: Entry
        var cls: Entry
        var eos: Entry
        var sep: Entry
    }

    private mutating func readRoberta(_ step: JSONValue, _ around: inout Surroundings) {
        for kind in ["bos", "eos", "sep"] { setAdded(kind, true) }
        guard hasSettings else { return }
        if !around.cls.isSaid {
            around.cls = step["cls"]?.elements.first?.utf8.map { .text($0) } ?? around.bos
            change("cls", around.cls)
        }
        if !around.sep.isSaid {
            around.sep = step["sep"]?.elements.first?.utf8.map { .text($0) } ?? around.eos
            change("sep", around.sep)
        }
    }

    private mutating func readTemplate(_ step: JSONValue, _ around: inout Surroundings) {
        let single = step["single"]?.elements ?? []
        var first: [UInt8]?
        var last: [UInt8]?
        if single.count > 1 {
            first = single[0].specialToken
            if let first { readFirst(first, &around) }
            last = single[single.count - 1].specialToken
            if let last { readLast(last, &around) }
        }
        var pair = step["pair"]?.elements[...] ?? []
        if let first, pair.first?.specialToken == first { pair = pair.dropFirst() }
        if let last, pair.last?.specialToken == last { pair = pair.dropLast() }
        guard pair.count > 2, pair.first?.isSequence("A") == true, pair.last?.isSequence("B") == true else {
            return
        }
        let middle = Array(pair.dropFirst().dropLast())
        func isSeparator(_ value: JSONValue) -> Bool {
            value.specialToken.map { around.sep.isText($0) || around.eos.isText($0) } ?? false
        }
        let isAdded = isSeparator(middle[0]) && last == nil || middle.count == 2 && isSeparator(middle[1])
        setAdded("sep", isAdded)
        if isAdded, !around.sep.isSaid { change("sep", around.eos) }
    }

    private mutating func readFirst(_ first: [UInt8], _ around: inout Surroundings) {
        if !hasSettings {
            around.bos = .text(first)
        } else if !around.bos.isText(first), !around.cls.isText(first) {
            if !around.bos.isSaid {
                around.bos = .text(first)
                change("bos", around.bos)
            }
            if !around.cls.isSaid {
                around.cls = .text(first)
                change("cls", around.cls)
            }
        }
        setAdded("bos", around.bos.isText(first) || around.cls.isText(first))
    }

    private mutating func readLast(_ last: [UInt8], _ around: inout Surroundings) {
        if !hasSettings {
            around.eos = .text(last)
        } else if !around.eos.isText(last) {
            // What ended a text before must end something else.
            if let kind = ["eot", "eom"].first(where: { !kinds.contains($0) }) {
                addKind(kind)
                change(kind, around.eos)
            }
            around.eos = .text(last)
            change("eos", around.eos)
        }
        setAdded("eos", around.eos.isText(last))
    }
}

extension JSONValue {
    /// The token that a part of a template is.
    fileprivate var specialToken: [UInt8]? {
        self["SpecialToken"]?["id"]?.utf8.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether a part of a template is a text.
    fileprivate func isSequence(_ name: String) -> Bool { self["Sequence"]?["id"]?.string == name }
}
