import Platform

/// A change of one value in a YAML text that leaves every other byte as it is.
public struct YAMLEdit: Sendable {
    /// What is done to the value.
    enum Change: Sendable {
        /// It becomes this, and is added where it is not there.
        case set(YAMLBlock)
        /// It goes, with its key.
        case remove
        /// This becomes the last item of the list.
        case append(YAMLBlock)
    }

    let path: [String]
    let change: Change

    /// The value at a dotted path becomes `value`.
    public static func set(_ path: String, to value: SettingValue) -> YAMLEdit {
        YAMLEdit(path: steps(path), change: .set(YAMLBlock(value)))
    }

    /// The value at a dotted path goes; a number in the path counts the items of a list, from 0.
    public static func remove(_ path: String) -> YAMLEdit { YAMLEdit(path: steps(path), change: .remove) }

    /// The list at a dotted path has a further item.
    public static func append(_ value: SettingValue, to path: String) -> YAMLEdit {
        YAMLEdit(path: steps(path), change: .append(YAMLBlock(value)))
    }

    private static func steps(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }

    /// The text with the change made; `file` names it in errors.
    ///
    /// What was written is read back: where the rest of the text would come to mean something else, nothing is changed.
    public func applied(to bytes: [UInt8], file: String) throws(DeclarationError) -> [UInt8] {
        let root = try YAMLNode.parse(bytes, file: file)
        let wanted = YAMLTree(root).changed(change, at: path[...])
        // Where an example in a comment is not where the value can be, the end of its mapping is.
        for isAtExample in [true, false] {
            var text = YAMLText(bytes)
            text.findsExamples = isAtExample
            try edit(&text, root)
            let result = text.bytes
            let after = try? YAMLNode.parse(result, file: file)
            if let after, YAMLTree(after) == wanted { return result }
        }
        throw refusal(root)
    }

    private func refusal(_ node: YAMLNode) -> DeclarationError {
        node.error("`\(path.joined(separator: "."))` is written in a way that only a person can edit")
    }

    // MARK: Where it is

    private func edit(_ text: inout YAMLText, _ root: YAMLNode) throws(DeclarationError) {
        var node = root
        for (depth, step) in path.enumerated() {
            let isLast = depth == path.count - 1
            if let index = Int(step), case .sequence(let items) = node.content {
                guard items.indices.contains(index) else { throw node.error("there is no item \(index)") }
                if isLast { return try editItem(index, items, of: node, &text) }
                node = items[index]
                continue
            }
            if !node.isNull, case .mapping = node.content {
            } else if !node.isNull {
                throw node.error("`\(path[..<depth].joined(separator: "."))` is not a mapping")
            }
            guard let pair = try node.pairs().first(where: { $0.name == step }) else {
                if case .remove = change { return }
                if let item = path[(depth + 1)...].first(where: { Int($0) != nil }) {
                    throw node.error("there is no item \(item) of `\(path[...depth].joined(separator: "."))`")
                }
                return try insert(depth, into: node, isRoot: depth == 0, &text)
            }
            if isLast { return try editPair(pair, of: node, &text) }
            if pair.value.isNull { return try fill(pair, depth + 1, &text) }
            node = pair.value
        }
    }

    // MARK: What is there

    private func editPair(_ pair: YAMLNode.Pair, of node: YAMLNode, _ text: inout YAMLText)
        throws(DeclarationError)
    {
        switch change {
        case .remove:
            if node.isFlow { return try text.removeEntry(from: pair.key, to: pair.value) }
            text.removeLines(pair.key.line...max(pair.value.lastLine, pair.key.line))
        case .append(let item):
            if case .sequence(let items) = pair.value.content, let last = items.last {
                return try append(item, after: last, in: pair.value, &text)
            }
            let list = YAMLBlock.items([item])
            try replace(pair, with: list, &text)
        case .set(let block): try replace(pair, with: block, &text)
        }
    }

    private func replace(_ pair: YAMLNode.Pair, with block: YAMLBlock, _ text: inout YAMLText)
        throws(DeclarationError)
    {
        if !block.isBlock, let end = pair.value.end, pair.value.lastLine == end.line, !pair.value.isNull {
            return text.replace(
                pair.value.line,
                pair.value.column,
                end,
                with: quoted(block, as: pair.value, text)
            )
        }
        if !block.isBlock, pair.value.isNull {
            // A null is nothing, or a word such as `~`: either way what follows the colon goes, and a comment stays.
            return text.replaceNull(pair, with: block.flow)
        }
        let indent = pair.key.column - 1
        text.removeLines(pair.key.line...max(pair.value.lastLine, pair.key.line))
        text.insert(block.lines(named: pair.name, indent: indent, step: text.step), after: pair.key.line - 1)
    }

    /// The new text in the quotes that the old one had.
    private func quoted(_ block: YAMLBlock, as node: YAMLNode, _ text: YAMLText) -> String {
        guard case .text(let new) = block, case .scalar(_, plain: false) = node.content,
            let quote = text.character(node.line, node.column), quote == "\"" || quote == "'"
        else { return block.flow }
        if quote == "'" {
            let isPlain = new.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) && $0 != "'" }
            return isPlain ? "'\(new)'" : block.flow
        }
        return YAMLBlock.quoted(new)
    }

    private func editItem(
        _ index: Int,
        _ items: [YAMLNode],
        of node: YAMLNode,
        _ text: inout YAMLText
    ) throws(DeclarationError) {
        switch change {
        case .remove:
            if node.isFlow { return try text.removeEntry(from: items[index], to: items[index]) }
            text.removeLines(items[index].line...items[index].lastLine)
        case .set(let block):
            guard let end = items[index].end, end.line == items[index].line else {
                throw refusal(items[index])
            }
            text.replace(
                items[index].line,
                items[index].column,
                end,
                with: quoted(block, as: items[index], text)
            )
        case .append: throw refusal(node)
        }
    }

    private func append(
        _ item: YAMLBlock,
        after last: YAMLNode,
        in list: YAMLNode,
        _ text: inout YAMLText
    ) throws(DeclarationError) {
        if list.isFlow {
            guard let end = last.end else { throw refusal(list) }
            return text.insert(", \(item.flow)", at: end)
        }
        guard let prefix = text.dash(before: last) else { throw refusal(list) }
        text.insert(item.itemLines(prefix: prefix, step: text.step), after: last.lastLine)
    }

    // MARK: What is not there

    /// The value of the last names of the path, those before it as mappings around it.
    private func block(from depth: Int) throws(DeclarationError) -> YAMLBlock? {
        let inner: YAMLBlock
        switch change {
        case .set(let block): inner = block
        case .append(let item): inner = .items([item])
        case .remove: return nil
        }
        return path[depth...].reversed().dropLast().reduce(inner) { .mapping([($1, $0)]) }
    }

    /// Adds the names from `depth` on to a mapping that lacks the first of them.
    private func insert(_ depth: Int, into node: YAMLNode, isRoot: Bool, _ text: inout YAMLText)
        throws(DeclarationError)
    {
        guard let block = try block(from: depth) else { return }
        guard let last = try node.pairs().last else {
            guard isRoot, node.isNull else { throw refusal(node) }
            return text.append(block.lines(named: path[depth], indent: 0, step: text.step))
        }
        if node.isFlow {
            guard let end = last.value.end else { throw refusal(node) }
            return text.insert(
                ", \(YAMLBlock.mapping([(path[depth], block)]).flow.dropFirst().dropLast())",
                at: end
            )
        }
        let indent = last.key.column - 1
        let end = max(last.value.lastLine, last.key.line)
        let example = text.example(of: path[depth], indent: indent, near: isRoot ? 1 : node.line)
        text.insert(block.lines(named: path[depth], indent: indent, step: text.step), after: example ?? end)
    }

    /// Adds the names from `depth` on below a name that has nothing yet.
    private func fill(_ pair: YAMLNode.Pair, _ depth: Int, _ text: inout YAMLText) throws(DeclarationError) {
        guard let block = try block(from: depth) else { return }
        let indent = pair.key.column - 1 + text.step
        text.replaceNull(pair, with: "")
        let example = text.example(of: path[depth], indent: indent, near: pair.key.line + 1)
        let lines = block.lines(named: path[depth], indent: indent, step: text.step)
        text.insert(lines, after: example ?? pair.key.line)
    }
}
